import { Locks } from "../../../src/locks/locks.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";
import { ScriptLockStore } from "../../support/script-lock-store.ts";

export const TTL_MS = 9_000;
export const TRUST_MS = 8_100;

export function setup() {
  const clock = new ManualClock();
  const store = new ScriptLockStore();
  const recorder = new Recorder();
  const locks = new Locks({ store, clock, events: recorder.events, random: () => 0 });
  return { clock, store, recorder, locks };
}

/** What came of a promise so far. */
export function follow<T>(promise: Promise<T>) {
  const seen: { state: "pending" | "resolved" | "rejected"; value?: T; error?: unknown } = {
    state: "pending",
  };
  promise.then(
    value => Object.assign(seen, { state: "resolved", value }),
    error => Object.assign(seen, { state: "rejected", error }),
  );
  return seen;
}
