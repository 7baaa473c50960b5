import { expect, it } from "vitest";
import { durabilityAlarm } from "../../../src/alarm/durability-alarm.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";

const MINUTE_MS = 60_000;
const OFF = { problem: "appendonly is off", advice: "set appendonly to yes" };

it("tells each problem once, again when it was gone in between, and nothing while Redis is away", async () => {
  const clock = new ManualClock();
  const recorder = new Recorder();
  const answers: (readonly (typeof OFF)[] | "away")[] = [[OFF], [OFF], "away", [], [OFF]];
  const alarm = durabilityAlarm({
    clock,
    events: recorder.events,
    check: async () => {
      const answer = answers.shift() ?? [];
      if (answer === "away") throw new Error("away");
      return answer;
    },
  });
  alarm.start();
  const told = async (ms: number) => {
    await clock.advance(ms);
    return recorder.of("redis.warning").length;
  };
  expect(await told(4_999)).toBe(0);
  expect(await told(1)).toBe(1);
  for (const count of [1, 1, 1, 2]) expect(await told(10 * MINUTE_MS)).toBe(count);
  await alarm.stop();
});
