import { expect, it } from "vitest";
import type { Lock } from "../../../src/locks/lock.ts";
import { settle } from "../../support/manual-clock.ts";
import { follow, setup as setupLocks, TRUST_MS, TTL_MS } from "./setup.ts";

/** A lock that is held until the test opens the gate. */
async function setup() {
  const bundle = setupLocks();
  const gate = Promise.withResolvers<string>();
  const outer = new AbortController();
  let lock: Lock | undefined;
  const call = bundle.locks.lock("invoices", { ttl: TTL_MS, signal: outer.signal }, held => {
    lock = held;
    return gate.promise;
  });
  const seen = follow(call);
  await settle();
  if (!lock) throw new Error("the lock was not granted");
  // Read once: the getter checks the clock, a signal in hand cannot.
  return { ...bundle, gate, outer, lock, signal: lock.signal, call, seen };
}

it("hands the work name and fence, and resolves with its result", async () => {
  const { lock, gate, call, store, recorder } = await setup();
  expect(lock).toMatchObject({ name: "invoices", fence: 1 });
  gate.resolve("result");
  expect(await call).toBe("result");
  expect(store.releases[0]?.token).toBe(store.claims[0]?.token);
  expect(recorder.of("lock.acquired")).toEqual([{ lock: "invoices", fence: 1, waitedMs: 0, run: null }]);
  expect(recorder.of("lock.released")).toEqual([{ lock: "invoices", fence: 1, heldMs: 0, run: null }]);
});

it("gives the lock back when the work throws, at once or later, and rejects with the same error", async () => {
  const { locks, store } = setupLocks();
  const error = new Error("no paper");
  const throws = () => {
    throw error;
  };
  await expect(locks.lock("invoices", { ttl: TTL_MS }, throws)).rejects.toBe(error);
  await expect(locks.lock("invoices", { ttl: TTL_MS }, async () => throws())).rejects.toBe(error);
  expect(store.releases).toHaveLength(2);
});

it("takes a new token for each acquisition", async () => {
  const { locks, store } = setupLocks();
  await locks.lock("invoices", { ttl: TTL_MS }, () => undefined);
  await locks.lock("invoices", { ttl: TTL_MS }, () => undefined);
  expect(new Set(store.claims.map(claim => claim.token)).size).toBe(2);
});

it("renews at every third of the TTL for as long as the work goes on, and not after", async () => {
  const { clock, store, gate, call } = await setup();
  await clock.advance(TTL_MS / 3 - 1);
  expect(store.renewals).toHaveLength(0);
  await clock.advance(1 + 10 * TTL_MS);
  expect(store.renewals).toHaveLength(31);
  gate.resolve("");
  await call;
  await clock.advance(TTL_MS);
  expect(store.renewals).toHaveLength(31);
  expect(store.listeners).toBe(0);
});

it("keeps the lock when a renewal fails and a later one succeeds", async () => {
  const { clock, store, lock, recorder } = await setup();
  store.onRenew = (_, count) => (count < 4 ? "no answer" : "renewed");
  await clock.advance(3 * TTL_MS);
  expect(lock.signal.aborted).toBe(false);
  expect(recorder.of("lock.lost")).toEqual([]);
});

it.each(["no answer", "silence"] as const)("aborts when trust runs out on renewals with %s", async how => {
  const { clock, store, signal, recorder } = await setup();
  store.onRenew = () => how;
  await clock.advance(TRUST_MS - 1);
  expect(signal.aborted).toBe(false);
  await clock.advance(1);
  expect(signal.aborted).toBe(true);
  expect(recorder.of("lock.lost")).toMatchObject([
    { fence: 1, reason: "unreachable", reasonCode: "unreachable", heldMs: TRUST_MS },
  ]);
});

it("counts trust from when the renewal was sent, not from its answer", async () => {
  const { clock, store, signal } = await setup();
  const first = Promise.withResolvers<"renewed">();
  store.renew = () => first.promise;
  await clock.advance(TTL_MS / 3 + 2_000);
  first.resolve("renewed");
  store.renew = () => new Promise(() => undefined);
  await settle();
  await clock.advance(TRUST_MS - 2_000 - 1);
  expect(signal.aborted).toBe(false);
  await clock.advance(1);
  expect(signal.aborted).toBe(true);
});

it("aborts when the store says that the lock is not its own", async () => {
  const { clock, store, signal, recorder } = await setup();
  store.onRenew = () => "lost";
  await clock.advance(TTL_MS / 3);
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ code: "BW_LOCK_LOST", fields: { lock: "invoices", fence: 1 } });
  expect(recorder.of("lock.lost")).toMatchObject([{ reason: "taken", reasonCode: "taken" }]);
});

it("finds itself expired after a pause, before it sends anything", async () => {
  const { clock, store, signal, recorder } = await setup();
  await clock.freeze(2 * TTL_MS);
  expect(signal.aborted).toBe(true);
  expect(store.renewals).toHaveLength(0);
  expect(recorder.of("lock.lost")).toMatchObject([{ reason: "expired", reasonCode: "expired" }]);
});

it("tells whoever looks at the signal after a pause, also before any timer has run", async () => {
  const { clock, lock } = await setup();
  void clock.freeze(2 * TTL_MS);
  expect(lock.signal.aborted).toBe(true);
});

it("ignores the answer to a renewal that it reads after trust ran out", async () => {
  const { clock, store, signal, recorder } = await setup();
  const first = Promise.withResolvers<"renewed">();
  store.renew = () => first.promise;
  await clock.advance(TTL_MS / 3);
  // Another process may have held and released the lock before the renewal arrived.
  first.resolve("renewed");
  await clock.freeze(TTL_MS);
  expect(signal.aborted).toBe(true);
  expect(recorder.of("lock.lost")).toMatchObject([{ reason: "expired", reasonCode: "expired" }]);
});

it("rejects when the work returned although the lock had been lost", async () => {
  const { clock, store, gate, call, recorder } = await setup();
  store.onRenew = () => "lost";
  await clock.advance(TTL_MS / 3);
  gate.resolve("done");
  await expect(call).rejects.toMatchObject({ code: "BW_LOCK_LOST" });
  expect(recorder.of("lock.released")).toEqual([]);
  expect(store.releases).toHaveLength(1);
});

it("rejects with what the work threw, also when the lock had been lost", async () => {
  const { clock, store, gate, seen } = await setup();
  store.onRenew = () => "lost";
  await clock.advance(TTL_MS / 3);
  const error = new Error("stopped half way");
  gate.reject(error);
  await settle();
  expect(seen.error).toBe(error);
});

it("aborts with the outer signal, and protects the work until it has ended", async () => {
  const { clock, store, outer, signal, gate, call, recorder } = await setup();
  outer.abort(new Error("timeout"));
  expect(signal.reason).toEqual(new Error("timeout"));
  await clock.advance(TTL_MS);
  expect(store.renewals).toHaveLength(3);
  expect(store.releases).toHaveLength(0);
  gate.resolve("cleaned up");
  expect(await call).toBe("cleaned up");
  expect(store.releases).toHaveLength(1);
  expect(recorder.of("lock.lost")).toEqual([]);
});

it("aborts the signal of a lock that was given back", async () => {
  const { gate, call, lock } = await setup();
  gate.resolve("");
  await call;
  expect(lock.signal.reason).toMatchObject({ code: "BW_LOCK_LOST" });
});

it("tries again to give the lock back, and waits no longer than a second for it", async () => {
  const { clock, store, gate, seen } = await setup();
  store.onRelease = (_, count) => (count < 3 ? "no answer" : "silence");
  gate.resolve("result");
  await clock.advance(999);
  expect(store.releases).toHaveLength(3);
  expect(seen.state).toBe("pending");
  await clock.advance(1);
  expect(seen).toEqual({ state: "resolved", value: "result" });
});

it.each(["done", "no answer"] as const)("keeps nothing of a claim whose release gets: %s", async how => {
  const { clock, store, gate, call } = await setup();
  store.onRelease = () => how;
  gate.resolve("result");
  await clock.advance(1_000);
  await call;
  await settle();
  expect(store.forgotten).toEqual(store.claims);
});

it("ends in order when it is stopped: signal, then release, then the connections", async () => {
  const { locks, store, signal, gate, call } = await setup();
  const stopped = locks.stop();
  expect(signal.reason).toMatchObject({ code: "BW_LOCKS_STOPPED" });
  await settle();
  expect(store.isClosed).toBe(false);
  gate.resolve("");
  await Promise.all([call, stopped, locks.stop()]);
  expect(store.releases).toHaveLength(1);
  expect(store.isClosed).toBe(true);
  await expect(locks.lock("other", { ttl: TTL_MS }, () => undefined)).rejects.toMatchObject({
    code: "BW_LOCKS_STOPPED",
  });
});

it("leaves the lock to its TTL when its work goes on after a stop", async () => {
  const { clock, locks, store } = await setup();
  const stopped = locks.stop();
  await clock.advance(1_000);
  await stopped;
  expect(store.releases).toHaveLength(0);
  await clock.advance(10 * TTL_MS);
  expect(store.renewals).toHaveLength(0);
});
