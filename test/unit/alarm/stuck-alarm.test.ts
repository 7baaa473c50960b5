import { describe, expect, it } from "vitest";
import { StuckAlarm } from "../../../src/alarm/stuck-alarm.ts";
import type { SharedQueue } from "../../../src/config/config.ts";
import type { FoundQueue, FoundRun } from "../../../src/launch/queue-look.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";

const MINUTE_MS = 60_000;

function setup({ consume = true, shared }: { consume?: boolean; shared?: SharedQueue } = {}) {
  const clock = new ManualClock();
  const recorder = new Recorder();
  const run = (state: FoundRun["state"], parts: Partial<FoundRun> = {}): FoundRun => ({
    run: "report@1",
    job: "report",
    sinceMs: startMs,
    isStarted: false,
    state,
    ...parts,
  });
  const startMs = clock.nowMs();
  const store = {
    queue: { isPaused: false, limitedMs: 0, active: 0, movedAtMs: 0 },
    oldest: [] as FoundRun[],
    /** Where the runs are that the alarm asks for. */
    runs: new Map<string, FoundRun>(),
    hasWorkers: true,
    isAway: false,
    launches: [] as string[],
    passed: [] as string[],
    recovered: [] as string[],
    /** Of those that are recovered, the runs whose end may still be recorded. */
    early: [] as string[],
    asked: [] as string[],
  };
  const alarm = new StuckAlarm({
    jobs: [jobOf("report", {}, { everyMs: 1_000 })],
    queues: { default: { concurrency: 1, consume, shared } },
    clock,
    events: recorder.events,
    launched: {
      look: async () => new Map([["report", store.launches]]),
      unrecorded: hasEnded =>
        store.launches.filter(hasEnded).map(run => ({ job: "report", run, launch: "1-0" })),
      pass: hasEnded => {
        store.passed = store.launches.filter(hasEnded);
      },
    },
    lookAt: async (_queue, runs): Promise<FoundQueue> => {
      if (store.isAway) throw new Error("away");
      store.asked = [...runs];
      const asked = runs.map(id => store.runs.get(id) ?? run("gone", { run: id, job: "" }));
      return { ...store.queue, oldest: store.oldest, asked };
    },
    recover: async runs => {
      store.recovered = runs.map(({ run, queue }) => `${queue} ${run}`);
      return store.early;
    },
    hasWorkers: async () => store.hasWorkers,
  });
  alarm.checks.start();
  return { clock, recorder, store, run, alarm };
}

/** The run waits: it is what is found first, and what is found when it is asked for. */
function put(store: ReturnType<typeof setup>["store"], run: FoundRun) {
  store.oldest = run.state === "waiting" ? [run] : [];
  store.runs.set(run.run, run);
}

describe("the stuck alarm", () => {
  it("has missing ends of runs recorded, and asks again for those that are too fresh", async () => {
    const { clock, store, run } = setup();
    store.launches = ["report@1", "report@2", "report@3"];
    for (const id of ["report@1", "report@2"]) store.runs.set(id, run("finished", { run: id }));
    store.runs.set("report@3", run("active", { run: "report@3" }));
    store.early = ["report@2"];
    await clock.advance(2 * MINUTE_MS);
    expect(store.recovered).toEqual(["default report@1", "default report@2"]);
    expect(store.passed).toEqual(["report@1"]);
  });

  it("leaves the ends of runs alone that other programs work off", async () => {
    const { clock, store, run } = setup({ consume: false });
    store.launches = ["report@1"];
    store.runs.set("report@1", run("finished"));
    await clock.advance(2 * MINUTE_MS);
    expect(store.recovered).toEqual([]);
    expect(store.passed).toEqual(["report@1"]);
  });

  it("tells a run that does not start once for each cause, and once when it ends", async () => {
    const { clock, recorder, store, run, alarm } = setup();
    put(store, run("waiting"));
    await clock.advance(5 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toEqual([]);
    await clock.advance(20 * MINUTE_MS);
    store.queue.isPaused = true;
    await clock.advance(2 * MINUTE_MS);
    store.queue.isPaused = false;
    await clock.advance(2 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toMatchObject([
      { job: "report", run: "report@1", queue: "default", cause: "not taken", fix: expect.any(String) },
      { cause: "paused", fix: expect.stringContaining("resume") },
    ]);
    expect(alarm.stuckMs()).toMatchObject([{ queue: "default", cause: "not taken", forMs: 29 * MINUTE_MS }]);
    expect(recorder.of("run.unstuck")).toEqual([]);
    put(store, run("finished"));
    await clock.advance(2 * MINUTE_MS);
    expect(recorder.of("run.unstuck")).toMatchObject([{ run: "report@1", cause: "not taken" }]);
    expect(alarm.stuck()).toEqual([]);
    await alarm.checks.stop();
  });

  it("goes on with what it knows while Redis is away", async () => {
    const { clock, recorder, store, run, alarm } = setup();
    put(store, run("waiting"));
    await clock.advance(7 * MINUTE_MS);
    store.isAway = true;
    await clock.advance(30 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toHaveLength(1);
    expect(recorder.of("run.unstuck")).toEqual([]);
    await alarm.checks.stop();
  });

  it("does not take a run for started of which it only cannot see where it is", async () => {
    const { clock, recorder, store, run, alarm } = setup();
    store.launches = ["report@1"];
    put(store, run("nowhere"));
    await clock.advance(7 * MINUTE_MS);
    put(store, run("unknown"));
    await clock.advance(7 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toMatchObject([{ cause: "lost" }]);
    expect(recorder.of("run.unstuck")).toEqual([]);
    await alarm.checks.stop();
  });

  it("says nothing of a queue whose first run is another one at each look", async () => {
    const { clock, recorder, store, run, alarm } = setup();
    for (let i = 0; i < 30; i++) {
      store.oldest = [run("waiting", { run: `report@${i}` })];
      await clock.advance(MINUTE_MS);
    }
    expect(recorder.of("run.stuck")).toEqual([]);
    await alarm.checks.stop();
  });

  it("counts from the first look for a run that was started before, as one that was put back", async () => {
    const { clock, recorder, store, run, alarm } = setup();
    await clock.advance(60 * MINUTE_MS);
    put(store, run("waiting", { isStarted: true }));
    await clock.advance(5 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toEqual([]);
    await clock.advance(2 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toHaveLength(1);
    await alarm.checks.stop();
  });

  it("asks for what was launched until it has ended", async () => {
    const { clock, store, run, alarm } = setup();
    store.launches = ["report@1", "report@2"];
    store.runs.set("report@1", run("finished"));
    store.runs.set("report@2", run("delayed", { run: "report@2" }));
    await clock.advance(MINUTE_MS);
    expect(store.asked).toEqual(["report@1", "report@2"]);
    expect(store.passed).toEqual(["report@1"]);
    await alarm.checks.stop();
  });
});

describe("a queue that other programs work off", () => {
  const shared = { prefix: "bull", runPrefix: "acme~" };

  it("has stuck runs of this namespace only, and may have workers that Bellwether does not know", async () => {
    const { clock, recorder, store, run } = setup({ consume: false, shared });
    store.hasWorkers = false;
    const mine = run("waiting", { run: "acme~report@1" });
    store.oldest = [run("waiting", { run: "other~report@1" }), run("waiting", { run: "17" }), mine];
    store.runs.set(mine.run, mine);
    store.launches = [mine.run];
    await clock.advance(10 * MINUTE_MS);
    expect(recorder.of("run.stuck")).toMatchObject([{ run: mine.run, cause: "not taken" }]);
  });
});
