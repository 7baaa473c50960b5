import { afterEach, describe, expect, it, vi } from "vitest";
import { clockKeeper } from "../../../src/clock/clock-keeper.ts";
import { StoreClock } from "../../../src/clock/store-clock.ts";
import { Recorder } from "../../support/recorder.ts";

const HOUR_MS = 60 * 60_000;

/** A clock whose store is ahead of this machine, and answers as the script says. */
function setup(aheadMs: number) {
  const store = { aheadMs, fails: false, reads: 0 };
  const clock = new StoreClock({
    readStoreTimeMs: async () => {
      store.reads++;
      if (store.fails) throw new Error("away");
      return Date.now() + store.aheadMs;
    },
  });
  return { store, clock };
}

/** Far more than a measurement can be wrong by, far less than the offsets of these tests. */
function isNear(ms: number, expectedMs: number): boolean {
  return Math.abs(ms - expectedMs) < 60_000;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the store's clock", () => {
  it("follows the wall clock until the store has answered", () => {
    const { clock } = setup(HOUR_MS);
    expect(isNear(clock.nowMs(), Date.now())).toBe(true);
  });

  it("follows the store's time once it was measured, and knows the skew", async () => {
    const { clock } = setup(HOUR_MS);
    await clock.measure();
    expect(isNear(clock.nowMs(), Date.now() + HOUR_MS)).toBe(true);
    expect(isNear(clock.skewMs(), -HOUR_MS)).toBe(true);
  });

  it("goes on from the last measurement when the store is away", async () => {
    const { store, clock } = setup(HOUR_MS);
    await clock.measure();
    store.fails = true;
    await expect(clock.measure()).rejects.toThrow("away");
    expect(isNear(clock.nowMs(), Date.now() + HOUR_MS)).toBe(true);
  });

  it("takes the sample with the shortest round trip, and half of that trip off", async () => {
    let monotonicMs = 5_000;
    vi.spyOn(performance, "now").mockImplementation(() => monotonicMs);
    const samples = [
      { tripMs: 500, storeMs: 1 * HOUR_MS },
      { tripMs: 40, storeMs: 2 * HOUR_MS },
      { tripMs: 90, storeMs: 3 * HOUR_MS },
      { tripMs: 60, storeMs: 4 * HOUR_MS },
      { tripMs: 300, storeMs: 5 * HOUR_MS },
    ];
    let shortestEndedMs = 0;
    const clock = new StoreClock({
      readStoreTimeMs: async () => {
        const { tripMs, storeMs } = samples.shift() ?? { tripMs: 0, storeMs: 0 };
        monotonicMs += tripMs;
        if (tripMs === 40) shortestEndedMs = monotonicMs;
        return storeMs;
      },
    });
    await clock.measure();
    expect(samples).toEqual([]);
    expect(clock.nowMs() - (monotonicMs - shortestEndedMs)).toBeCloseTo(2 * HOUR_MS + 20, 3);
  });

  it("does not believe a step that each measurement gives differently", async () => {
    const { store, clock } = setup(0);
    await clock.measure();
    for (const hours of [24, 12, 6, 3]) {
      store.aheadMs = hours * HOUR_MS;
      expect(await clock.measure()).toBe(0);
    }
    expect(isNear(clock.nowMs(), Date.now())).toBe(true);
  });

  it("does not believe a step that is gone at the next look", async () => {
    const { store, clock } = setup(0);
    await clock.measure();
    store.aheadMs = 24 * HOUR_MS;
    expect(await clock.measure()).toBe(0);
    expect(await clock.measure()).toBe(0);
    store.aheadMs = 0;
    await clock.measure();
    expect(isNear(clock.nowMs(), Date.now())).toBe(true);
  });

  it("follows a step that three measurements in a row agree on", async () => {
    const { store, clock } = setup(0);
    await clock.measure();
    store.aheadMs = HOUR_MS;
    await clock.measure();
    await clock.measure();
    expect(isNear(clock.nowMs(), Date.now())).toBe(true);
    expect(isNear(await clock.measure(), HOUR_MS)).toBe(true);
    expect(isNear(clock.nowMs(), Date.now() + HOUR_MS)).toBe(true);
  });

  it("takes the time that comes with another answer where it is more exact, after a while also where it is not", async () => {
    let monotonicMs = 5_000;
    vi.spyOn(performance, "now").mockImplementation(() => monotonicMs);
    const clock = new StoreClock({
      readStoreTimeMs: async () => {
        monotonicMs += 40;
        return monotonicMs - 20 + HOUR_MS;
      },
    });
    await clock.measure();
    const offsetMs = () => clock.nowMs() - monotonicMs;
    /** An answer that took this long, of a store that is ahead by this much. */
    const note = (tripMs: number, aheadMs: number) => {
      const sentMs = monotonicMs;
      monotonicMs += tripMs;
      clock.note({ sentMs, storeTimeMs: sentMs + tripMs / 2 + aheadMs });
    };
    note(60, HOUR_MS + 5);
    expect(offsetMs()).toBeCloseTo(HOUR_MS, 3);
    note(10, HOUR_MS + 7);
    expect(offsetMs()).toBeCloseTo(HOUR_MS + 7, 3);
    monotonicMs += 200_000;
    note(60, HOUR_MS + 9);
    expect(offsetMs()).toBeCloseTo(HOUR_MS + 9, 3);
  });

  it("does not follow a step that came with another answer, and has it measured", async () => {
    const { clock } = setup(0);
    await clock.measure();
    expect(clock.isDoubtful(HOUR_MS)).toBe(false);
    expect(clock.isDoubtful(0)).toBe(true);
    clock.note({ sentMs: performance.now(), storeTimeMs: Date.now() + HOUR_MS });
    expect(isNear(clock.nowMs(), Date.now())).toBe(true);
    expect(clock.isDoubtful(HOUR_MS)).toBe(true);
    await clock.measure();
    expect(clock.isDoubtful(HOUR_MS)).toBe(false);
  });

  it("wakes a sleeper when its signal aborts, and never rejects", async () => {
    const { clock } = setup(0);
    const ending = new AbortController();
    const slept = clock.sleep(HOUR_MS, ending.signal);
    ending.abort();
    await slept;
    await clock.sleep(HOUR_MS, ending.signal);
  });
});

describe("the clock keeper", () => {
  it("measures only while the times that come with other answers are not enough", async () => {
    const { store, clock } = setup(0);
    await clock.measure();
    const keeper = clockKeeper({ clock, events: new Recorder().events, intervalMs: 0, enoughMs: HOUR_MS });
    const readsBefore = store.reads;
    keeper.start();
    for (let i = 0; i < 20; i++) await clock.sleep(0);
    expect(store.reads).toBe(readsBefore);
    store.aheadMs = HOUR_MS;
    clock.note({ sentMs: performance.now(), storeTimeMs: Date.now() + HOUR_MS });
    while (!isNear(clock.nowMs(), Date.now() + HOUR_MS)) await clock.sleep(0);
    await keeper.stop();
  });

  it("warns once when this machine's clock is off", async () => {
    const { store, clock } = setup(HOUR_MS);
    const recorder = new Recorder();
    const keeper = clockKeeper({ clock, events: recorder.events, intervalMs: 0 });
    keeper.start();
    const { skewMs } = await recorder.when("clock.skewed");
    expect(isNear(skewMs, -HOUR_MS)).toBe(true);
    const readsThen = store.reads;
    while (store.reads < readsThen + 20) await clock.sleep(0);
    expect(recorder.of("clock.skewed")).toHaveLength(1);
    await keeper.stop();
  });

  it("says nothing of a clock that is right, nor of a store that is away", async () => {
    const { store, clock } = setup(0);
    const recorder = new Recorder();
    const keeper = clockKeeper({ clock, events: recorder.events, intervalMs: 0 });
    keeper.start();
    while (store.reads < 20) await clock.sleep(0);
    store.fails = true;
    const readsThen = store.reads;
    while (store.reads < readsThen + 5) await clock.sleep(0);
    await keeper.stop();
    expect(recorder.all).toEqual([]);
  });
});
