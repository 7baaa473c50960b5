import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConfigAlarm, jobMarks, type PeerConfig } from "../../../src/alarm/config-alarm.ts";
import { Recorder } from "../../support/recorder.ts";

const ZONES = {
  "Africa/Casablanca 2026": "c1",
  "America/Vancouver 2026": "v1",
  "America/Vancouver 2027": "v2",
};
const peer = (id: string, hash: string, generation = 1): PeerConfig => {
  return { id, hash, generation, tz: "2026c", zones: ZONES, jobs: jobMarks(["nightly", "hourly"]) };
};
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

describe("a replica with the same jobs and other time zone data", () => {
  const old = (zones: PeerConfig["zones"], hash = "aa"): PeerConfig => ({
    ...peer("old", hash),
    tz: "2025b",
    zones,
  });

  it("is told of with the zones, once", () => {
    const { alarm, told } = setup();
    for (let i = 0; i < 3; i++) {
      alarm.check(OWN, [
        OWN,
        old({ ...ZONES, "America/Vancouver 2027": "x", "Africa/Casablanca 2026": "y" }),
      ]);
    }
    const zones = ["Africa/Casablanca", "America/Vancouver"];
    const same = { generation: 1, hash: "aa", other: "old", otherHash: "aa" };
    expect(told()).toEqual([{ ...same, zones, tz: "2026c", otherTz: "2025b" }]);
  });

  it("is not told of where the zones do the same, or in years that only one has looked at", () => {
    const { alarm, told } = setup();
    alarm.check(OWN, [old(ZONES), old({ "America/Vancouver 2025": "x" }), old({})]);
    expect(told()).toEqual([]);
  });

  it("is told of together with other jobs", () => {
    const { alarm, told } = setup();
    alarm.check(OWN, [old({ "America/Vancouver 2026": "x" }, "bb")]);
    expect(told()).toMatchObject([{ otherHash: "bb", zones: ["America/Vancouver"] }]);
  });
});

describe("a replica of a higher generation", () => {
  const of = (jobs: readonly string[], generation = 2, hash = "bb") => {
    return { ...peer("staging", hash, generation), jobs: jobMarks(jobs) };
  };
  function shared(looks = 1) {
    const recorder = new Recorder();
    return { alarm: new ConfigAlarm(recorder.events, looks), told: () => recorder.of("namespace.shared") };
  }

  it("that has none of the jobs is told of once, and again for another set", () => {
    const { alarm, told } = shared();
    for (let i = 0; i < 3; i++) alarm.check(OWN, [OWN, of(["mails"]), of(["mails", "bills"], 3, "cc")]);
    expect(told()).toEqual([
      { generation: 1, hash: "aa", other: "staging", otherGeneration: 2, otherHash: "bb" },
      { generation: 1, hash: "aa", other: "staging", otherGeneration: 3, otherHash: "cc" },
    ]);
  });

  it("is told of when it stands at three looks in a row", () => {
    const { alarm, told } = shared(3);
    for (let i = 0; i < 2; i++) alarm.check(OWN, [of(["mails"])]);
    expect(told()).toEqual([]);
    alarm.check(OWN, [of(["mails"])]);
    expect(told()).toHaveLength(1);
  });

  it.each([
    { of: "has one job in common", other: of(["mails", "hourly"]) },
    { of: "does not tell its jobs", other: of([]) },
    { of: "is really an older one", other: of(["mails"], 0) },
  ])("that $of is not told of", ({ other }) => {
    const { alarm, told } = shared();
    alarm.check(OWN, [OWN, other]);
    expect(told()).toEqual([]);
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

describe("the marks of jobs", () => {
  it("are the first of the short hashes of all names, in order", () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `job-${i}`);
    const hashes = names.map(name => createHash("sha256").update(name).digest("hex").slice(0, 8));
    expect(jobMarks(names)).toEqual(hashes.sort().slice(0, 100));
    expect(jobMarks(names.toReversed())).toEqual(jobMarks(names));
    expect(jobMarks(["b", "a"])).toHaveLength(2);
  });
});
