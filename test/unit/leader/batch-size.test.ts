import { expect, it } from "vitest";
import { Progress } from "../../../src/election/progress.ts";
import { BatchSize } from "../../../src/leader/batch-size.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const MINUTE = 60_000;
const JOBS = 6_000;

it.each([
  ["stays while transactions are quick", [[1_000, 130]], 1_000],
  ["stays at the limit of what is slow", [[1_000, 500]], 1_000],
  ["shrinks to what takes a quarter of a second", [[1_000, 2_500]], 100],
  ["has a least size", [[1_000, 60_000]], 50],
  ["does not shrink for a small transaction that was slow", [[499, 3_000]], 1_000],
  [
    "doubles with a full transaction that was quick",
    [
      [1_000, 2_500],
      [100, 250],
    ],
    200,
  ],
  [
    "does not grow with one that was not full",
    [
      [1_000, 2_500],
      [99, 10],
    ],
    100,
  ],
  [
    "does not grow with one that was neither",
    [
      [1_000, 2_500],
      [100, 400],
    ],
    100,
  ],
  [
    "has a largest size",
    [
      [1_000, 600],
      [416, 10],
      [832, 10],
    ],
    1_000,
  ],
] as const)("%s", (_title, transactions, expected) => {
  const size = new BatchSize();
  for (const [count, ms] of transactions) size.took(count, ms);
  expect(size.ticks).toBe(expected);
});

it("keeps a leader whose transactions are slow from counting as stalled, after the first", async () => {
  const T0 = Date.UTC(2026, 10, 23, 7);
  const [launchStore, clock] = [new MemoryLaunchStore(), new ManualClock(T0)];
  const jobs = Array.from({ length: JOBS }, (_, i) => jobOf(`job-${i}`, {}, { everyMs: MINUTE }));
  const launcher = launchStore.launcher(jobs);
  const progress = new Progress(clock);
  const stalls: boolean[] = [];
  const loop = new LeaderLoop({
    launcher: {
      ...launcher,
      commit: async commit => {
        await clock.sleep(3 * commit.decisions.length);
        stalls.push(progress.stall !== null);
        return launcher.commit(commit);
      },
    },
    clock,
    events: new Recorder().events,
    jobs,
    random: () => 0,
  });
  launchStore.fence = "1:t";
  const ending = new AbortController();
  const ended = loop.runTerm({ number: 1, fence: "1:t", signal: ending.signal, progress });
  await clock.advance(2 * MINUTE - 1);
  ending.abort();
  await clock.advance(MINUTE);
  await ended;
  expect(stalls.filter(isStalled => isStalled).length).toBe(1);
  expect(launchStore.decided.length).toBe(JOBS);
});
