import { afterEach, describe, expect, it } from "vitest";
import { Liveness } from "../../../src/observability/liveness.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const running: Liveness[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(liveness => liveness.stop()));
});

function setup() {
  const clock = new ManualClock();
  const state = {
    currentTerm: null as { term: number; trustedUntilMs: number } | null,
    isConnected: true,
  };
  const liveness = new Liveness({
    clock,
    currentTerm: () => state.currentTerm,
    isConnected: () => state.isConnected,
  });
  liveness.start();
  running.push(liveness);
  const leadUntil = (inMs: number) => {
    state.currentTerm = { term: 7, trustedUntilMs: clock.monotonicMs() + inMs };
  };
  return { clock, state, liveness, leadUntil };
}

describe("the liveness of a replica", () => {
  it("stands while the event loop turns", async () => {
    const { clock, liveness } = setup();
    await clock.advance(60 * 60_000);
    expect(liveness.reasons()).toEqual([]);
  });

  it("fails for some seconds after a turn of the event loop that took too long", async () => {
    const { clock, liveness } = setup();
    await clock.advance(1_000);
    await clock.freeze(12_000);
    expect(liveness.reasons()).toEqual([expect.stringContaining("the event loop did not turn for 12 s")]);
    await clock.advance(5_000);
    expect(liveness.reasons()).toHaveLength(1);
    await clock.advance(1_000);
    expect(liveness.reasons()).toEqual([]);
  });

  it("stands after turns that were merely slow", async () => {
    const { clock, liveness } = setup();
    await clock.advance(1_000);
    for (let i = 0; i < 10; i++) await clock.freeze(9_000);
    expect(liveness.reasons()).toEqual([]);
  });

  it("fails for a leader that is out of trust for long and has not stepped down", async () => {
    const { clock, state, liveness, leadUntil } = setup();
    leadUntil(9_000);
    await clock.advance(9_000 + 14_000);
    expect(liveness.reasons()).toEqual([]);
    await clock.advance(2_000);
    expect(liveness.reasons()).toEqual([
      "term 7 could be trusted until 16 s ago, and this replica has not stepped down from it",
    ]);
    state.currentTerm = null;
    expect(liveness.reasons()).toEqual([]);
  });

  it("stands for a leader that renews", async () => {
    const { clock, liveness, leadUntil } = setup();
    for (let i = 0; i < 20; i++) {
      leadUntil(9_000);
      await clock.advance(3_000);
      expect(liveness.reasons()).toEqual([]);
    }
  });

  it("stands for a leader that was frozen until now: it could not step down", async () => {
    const { clock, liveness, leadUntil } = setup();
    await clock.advance(1_000);
    leadUntil(1_000);
    await clock.freeze(10 * 60_000);
    await clock.advance(8_000);
    expect(liveness.reasons()).toEqual([]);
  });

  it("stands without Redis, whatever a leader waits for", async () => {
    const { clock, state, liveness, leadUntil } = setup();
    leadUntil(9_000);
    state.isConnected = false;
    await clock.advance(60 * 60_000);
    expect(liveness.reasons()).toEqual([]);
  });
});
