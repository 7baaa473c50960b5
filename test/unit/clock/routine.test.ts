import { expect, it } from "vitest";
import { Routine } from "../../../src/clock/routine.ts";
import { ManualClock } from "../../support/manual-clock.ts";

it("goes on after a time that rejected, reports it as unhandled, and can be stopped", async () => {
  const clock = new ManualClock();
  const unhandled: unknown[] = [];
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", error => unhandled.push(error));
  let times = 0;
  const act = async () => {
    if (++times === 1) throw new Error("a bug");
  };
  const routine = new Routine({ clock, intervalMs: 1_000, act });
  routine.start();
  await clock.advance(2_500);
  await routine.stop();
  process.removeAllListeners("unhandledRejection");
  for (const listener of others) process.on("unhandledRejection", listener);
  expect(times).toBe(3);
  expect(unhandled).toMatchObject([{ message: "a bug" }]);
});
