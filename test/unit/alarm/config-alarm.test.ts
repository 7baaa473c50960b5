import { describe, expect, it } from "vitest";
import { ConfigAlarm, type PeerConfig } from "../../../src/alarm/config-alarm.ts";
import { Recorder } from "../../support/recorder.ts";

const peer = (id: string, hash: string, generation = 1): PeerConfig => ({ id, hash, generation });
const OWN = peer("me", "aa");

function setup(looks = 1) {
  const recorder = new Recorder();
  return { alarm: new ConfigAlarm(recorder.events, looks), told: () => recorder.of("config.differs") };
}

describe("a replica of the same generation with other jobs", () => {
  it("is told of, with both hashes", () => {
    const { alarm, told } = setup();
    alarm.check(OWN, [OWN, peer("other", "bb")]);
    expect(told()).toEqual([{ generation: 1, hash: "aa", other: "other", otherHash: "bb" }]);
  });

  it("is told of when it stands at three looks in a row, as a change that is on its way does not", () => {
    const recorder = new Recorder();
    const alarm = new ConfigAlarm(recorder.events);
    const told = () => recorder.of("config.differs");
    for (const peers of [[peer("x", "bb")], [peer("x", "bb")], [OWN], [peer("x", "bb")], [peer("x", "bb")]]) {
      alarm.check(OWN, peers);
    }
    expect(told()).toEqual([]);
    alarm.check(OWN, [peer("x", "bb")]);
    expect(told()).toHaveLength(1);
  });

  it("is told of once while it lasts, and again when it was gone in between", () => {
    const { alarm, told } = setup();
    for (let i = 0; i < 3; i++) alarm.check(OWN, [OWN, peer("other", "bb")]);
    expect(told()).toHaveLength(1);
    alarm.check(OWN, [OWN]);
    alarm.check(OWN, [OWN, peer("other", "bb")]);
    expect(told()).toHaveLength(2);
  });

  it("is told of once for all who carry the same jobs, and for each other set", () => {
    const { alarm, told } = setup();
    alarm.check(OWN, [peer("x", "bb"), peer("y", "bb"), peer("z", "cc")]);
    alarm.check(OWN, [peer("y", "bb"), peer("z", "cc"), peer("x", "dd")]);
    expect(told().map(({ otherHash }) => otherHash)).toEqual(["bb", "cc", "dd"]);
  });

  it("is judged by what this replica carries now", () => {
    const { alarm, told } = setup();
    alarm.check(OWN, [peer("other", "bb")]);
    alarm.check(peer("me", "bb"), [peer("other", "bb")]);
    alarm.check(peer("me", "cc"), [peer("other", "bb")]);
    expect(told().map(({ hash }) => hash)).toEqual(["aa", "cc"]);
  });
});

describe("no warning", () => {
  it.each([
    { of: "the same jobs", other: peer("other", "aa") },
    { of: "an older generation", other: peer("other", "bb", 0) },
    { of: "a newer generation", other: peer("other", "bb", 2) },
    { of: "this replica itself", other: OWN },
  ])("comes of $of", ({ other }) => {
    const { alarm, told } = setup();
    alarm.check(OWN, [OWN, other]);
    expect(told()).toEqual([]);
  });
});
