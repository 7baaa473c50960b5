import { describe, expect, it } from "vitest";
import { DataGuard } from "../../../src/alarm/data-guard.ts";
import { OverdueAlarm } from "../../../src/alarm/overdue-alarm.ts";
import { StuckAlarm } from "../../../src/alarm/stuck-alarm.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";

const MINUTE_MS = 60_000;
const READ = {
  lineage: "a",
  beat: 1,
  term: 1,
  version: 0,
  generation: 0,
  hasCursors: true,
  controls: new Map(),
  counts: new Map(),
};

/** What an alarm is made of: a store whose reads fail while there is an error. */
interface Store {
  readonly clock: ManualClock;
  readonly recorder: Recorder;
  error: Error | null;
  reads: number;
}

async function fails(store: Store): Promise<void> {
  store.reads += 1;
  if (store.error !== null) throw store.error;
}

const ALARMS = {
  "data guard": (store: Store) =>
    new DataGuard({
      clock: store.clock,
      events: store.recorder.events,
      read: async () => await fails(store).then(() => READ),
      putBack: async () => ({ outcome: "kept" }),
    }),
  "overdue alarm": (store: Store) =>
    new OverdueAlarm({
      jobs: [jobOf("report")],
      clock: store.clock,
      events: store.recorder.events,
      readLanes: async () => await fails(store).then(() => new Map()),
      readWaits: async () => new Map(),
    }),
  "stuck alarm": (store: Store) =>
    new StuckAlarm({
      jobs: [],
      queues: {},
      clock: store.clock,
      events: store.recorder.events,
      launched: { look: async () => new Map(), unrecorded: () => [], pass: () => undefined },
      lookAt: () => Promise.reject(new Error("no queue")),
      hasWorkers: async () => await fails(store).then(() => true),
    }),
};

function refusal(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

const NOPERM = "NOPERM this user has no permissions to run the 'evalsha' command";

describe.each(Object.entries(ALARMS))("the %s whose reads Redis refuses", (_, create) => {
  function setup() {
    const store: Store = { clock: new ManualClock(), recorder: new Recorder(), error: null, reads: 0 };
    const alarm = create(store);
    alarm.checks.start();
    const told = () => store.recorder.of("redis.warning").map(({ problem }) => problem);
    return { store, alarm, told };
  }

  it("reports each reason once, and again when it returns", async () => {
    const { store, alarm, told } = setup();
    store.error = refusal(NOPERM);
    await store.clock.advance(10 * MINUTE_MS);
    expect(told()).toEqual([expect.stringContaining(NOPERM)]);
    store.error = refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
    await store.clock.advance(10 * MINUTE_MS);
    expect(told().slice(1)).toEqual([expect.stringContaining("WRONGTYPE")]);
    store.error = null;
    await store.clock.advance(5 * MINUTE_MS);
    store.error = refusal(NOPERM);
    await store.clock.advance(10 * MINUTE_MS);
    expect(told().slice(2)).toEqual([expect.stringContaining(NOPERM)]);
    await alarm.checks.stop();
  });

  it("says nothing of a single refusal, nor while Redis gives no answer, nor of the first one after that", async () => {
    const { store, alarm, told } = setup();
    const refuseOnce = async () => {
      store.error = refusal("LOADING Redis is loading the dataset in memory");
      for (const before = store.reads; store.reads === before; ) await store.clock.advance(250);
    };
    await store.clock.advance(5 * MINUTE_MS);
    await refuseOnce();
    store.error = new Error("the connection to Redis broke before its answer came");
    await store.clock.advance(10 * MINUTE_MS);
    await refuseOnce();
    expect(told()).toEqual([]);
    await alarm.checks.stop();
  });
});
