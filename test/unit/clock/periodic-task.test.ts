import { expect, it } from "vitest";
import { PeriodicTask } from "../../../src/clock/periodic-task.ts";
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
  const task = new PeriodicTask({ clock, intervalMs: 1_000, act });
  task.start();
  await clock.advance(2_500);
  await task.stop();
  process.removeAllListeners("unhandledRejection");
  for (const listener of others) process.on("unhandledRejection", listener);
  expect(times).toBe(3);
  expect(unhandled).toMatchObject([{ message: "a bug" }]);
});
