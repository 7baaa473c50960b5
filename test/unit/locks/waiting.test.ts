import { describe, expect, it } from "vitest";
import { settle } from "../../support/manual-clock.ts";
import { granted, held } from "../../support/script-lock-store.ts";
import { follow, setup, TRUST_MS, TTL_MS } from "./setup.ts";

const work = () => "done";

describe("waiting", () => {
  it("tries once with wait: 0, and says who holds the lock", async () => {
    const { locks, store } = setup();
    store.onAcquire = () => held("pod-7");
    await expect(locks.lock("invoices", { ttl: TTL_MS, wait: 0 }, work)).rejects.toMatchObject({
      code: "BW_LOCK_TIMEOUT",
      fields: { lock: "invoices", holder: "pod-7", waitedMs: 0, isOwn: false },
    });
    expect(store.claims).toHaveLength(1);
    expect(store.releases).toHaveLength(0);
    expect(store.forgotten).toEqual(store.claims);
  });

  it("asks when the store advises, with one token, until the lock is free", async () => {
    const { clock, locks, store, recorder } = setup();
    store.onAcquire = (_, count) => (count < 4 ? held() : granted(8));
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, work));
    await clock.advance(2_999);
    expect(store.claims).toHaveLength(3);
    await clock.advance(1);
    expect(seen).toEqual({ state: "resolved", value: "done" });
    expect(new Set(store.claims.map(claim => claim.token)).size).toBe(1);
    expect(recorder.of("lock.acquired")).toMatchObject([{ waitedMs: 3_000, fence: 8 }]);
    expect(store.listeners).toBe(0);
  });

  it("asks at least every third of the TTL, which keeps its place where there is a line", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = () => held("other", 60_000);
    follow(locks.lock("invoices", { ttl: TTL_MS, wait: "1m" }, work));
    await clock.advance(TTL_MS);
    expect(store.claims).toHaveLength(4);
  });

  it("asks at once when it is woken", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = (_, count) => (count < 2 ? held() : granted(2));
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, work));
    await settle();
    expect(seen.state).toBe("pending");
    store.announceChange();
    await clock.advance(0);
    expect(seen.state).toBe("resolved");
  });

  it("gives up when its time is over, after a last try", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = () => held("pod-7", 60_000);
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS, wait: "2500ms" }, work));
    await clock.advance(2_499);
    expect(seen.state).toBe("pending");
    await clock.advance(1);
    expect(seen.error).toMatchObject({ code: "BW_LOCK_TIMEOUT", fields: { waitedMs: 2_500 } });
    expect(store.claims).toHaveLength(2);
    expect(store.listeners).toBe(0);
  });

  it("waits 30 s when nothing else is said", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = () => held();
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, work));
    await clock.advance(29_999);
    expect(seen.state).toBe("pending");
    await clock.advance(1);
    expect(seen.state).toBe("rejected");
  });

  it("says so when the process waits for itself", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = (_, count) => (count === 1 ? granted(1) : held("me"));
    const nested = () => locks.lock("invoices", { ttl: TTL_MS, wait: "1s" }, work);
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, nested));
    await clock.advance(1_000);
    expect(seen.error).toMatchObject({ code: "BW_LOCK_TIMEOUT", fields: { isOwn: true } });
    expect(String(seen.error)).toContain("by the one who holds it");
  });

  it("ends with the signal's reason", async () => {
    const { locks, store } = setup();
    store.onAcquire = () => held();
    const controller = new AbortController();
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS, signal: controller.signal }, work));
    await settle();
    controller.abort(new Error("no need any more"));
    await settle();
    expect(seen.error).toEqual(new Error("no need any more"));
    expect(store.listeners).toBe(0);
  });

  it("does not ask at all when the signal has aborted already", async () => {
    const { locks, store } = setup();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(locks.lock("invoices", { ttl: TTL_MS, signal }, work)).rejects.toThrow("too late");
    expect(store.claims).toHaveLength(0);
  });

  it("ends when the locks are stopped", async () => {
    const { locks, store } = setup();
    store.onAcquire = () => held();
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, work));
    await settle();
    await locks.stop();
    expect(seen.error).toMatchObject({ code: "BW_LOCKS_STOPPED" });
  });

  it("gives back its place in the line when it gives up, where there is one", async () => {
    const { locks, store } = setup();
    store.isFair = true;
    store.onAcquire = () => held();
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS, wait: 0 }, work));
    await settle();
    expect(seen.state).toBe("rejected");
    expect(store.releases[0]?.token).toBe(store.claims[0]?.token);
  });
});

describe("a store that does not answer", () => {
  it("is asked again with the same token", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = (_, count) => (count < 3 ? "no answer" : granted(5));
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, work));
    await clock.advance(1_000);
    expect(seen.state).toBe("resolved");
    expect(new Set(store.claims.map(claim => claim.token)).size).toBe(1);
  });

  it("is told apart from a lock that is held, and what it may have granted is given back", async () => {
    const { locks, store } = setup();
    store.onAcquire = () => "no answer";
    await expect(locks.lock("invoices", { ttl: TTL_MS, wait: 0 }, work)).rejects.toMatchObject({
      code: "BW_LOCK_UNREACHABLE",
      fields: { lock: "invoices", store: "redis", error: "no answer" },
    });
    expect(store.releases[0]?.token).toBe(store.claims[0]?.token);
  });

  it.each([
    { outcome: "held by another to the end", wait: "1s", last: held() },
    { outcome: "granted", wait: "30s", last: granted(5) },
  ])("may still answer an early try: the release says so of a claim that then is $outcome", async row => {
    const { clock, locks, store } = setup();
    store.onAcquire = (_, count) => (count === 1 ? "no answer" : row.last);
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS, wait: row.wait }, work));
    await clock.advance(1_000);
    expect(seen.state).not.toBe("pending");
    expect(store.releases).toMatchObject([{ token: store.claims[0]?.token, isInDoubt: true }]);
  });

  it("is not suspected of late answers when it answered every try", async () => {
    const { clock, locks, store } = setup();
    store.onAcquire = (_, count) => (count < 3 ? held() : granted(5));
    follow(locks.lock("invoices", { ttl: TTL_MS }, work));
    await clock.advance(3_000);
    expect(store.releases).toMatchObject([{ isInDoubt: false }]);
  });

  it("holds nobody up whose signal aborts", async () => {
    const { locks, store } = setup();
    store.onAcquire = () => "silence";
    const controller = new AbortController();
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS, signal: controller.signal }, work));
    await settle();
    controller.abort(new Error("shutdown"));
    await settle();
    expect(seen.error).toEqual(new Error("shutdown"));
    expect(store.releases).toHaveLength(1);
  });

  it("grants nothing when its answer comes after the lock's own time", async () => {
    const { clock, locks, store } = setup();
    const late = Promise.withResolvers<ReturnType<typeof granted>>();
    store.acquire = claim => {
      store.claims.push(claim);
      return store.claims.length === 1 ? late.promise : Promise.resolve(granted(1));
    };
    const fences: number[] = [];
    const seen = follow(locks.lock("invoices", { ttl: TTL_MS }, lock => fences.push(lock.fence)));
    await settle();
    await clock.freeze(TRUST_MS);
    late.resolve(granted(1));
    await clock.advance(1_000);
    expect(seen.state).toBe("resolved");
    expect(store.claims).toHaveLength(2);
    expect(fences).toEqual([1]);
  });
});

describe("what was asked for", () => {
  it.each([
    { name: "", ttl: "30s", says: "name of the lock" },
    { name: "a/b", ttl: "30s", says: "a/b" },
    { name: "a{b}", ttl: "30s", says: "letters, digits" },
    { name: "x".repeat(201), ttl: "30s", says: "1 to 200" },
    { name: "ok", ttl: "999ms", says: "from 1s to 1h" },
    { name: "ok", ttl: "61m", says: "from 1s to 1h" },
    { name: "ok", ttl: "30", says: '"30"' },
    { name: "ok", ttl: Number.NaN, says: "NaN" },
    { name: "ok", ttl: "30s", wait: "forever", says: "0 to try once" },
    { name: "ok", ttl: "30s", wait: -1, says: "-1" },
    { name: "ok", ttl: "30s", wait: "25h", says: "up to 24h" },
  ])("is refused: $name, $ttl, $wait", async ({ name, ttl, wait, says }) => {
    const { locks, store } = setup();
    const options = { ttl, ...(wait === undefined ? {} : { wait }) };
    const error = await locks.lock(name, options, work).catch(error => error);
    expect(error).toMatchObject({ code: "BW_LOCK_INVALID" });
    expect(error.message).toContain(says);
    expect(store.claims).toHaveLength(0);
  });

  it("is refused with all mistakes at once", async () => {
    const { locks } = setup();
    const error = await locks.lock("no spaces", { ttl: "1d", wait: "2d" }, work).catch(error => error);
    expect(error.fields.mistakes).toHaveLength(3);
  });

  it.each(["1s", "1h", 1_000])("may have a ttl of %s", async ttl => {
    const { locks } = setup();
    expect(await locks.lock("orders:42_a.b-c", { ttl }, work)).toBe("done");
  });
});

describe("in a run", () => {
  it.each(["run", "caller"] as const)("heeds the signal of the %s", async whose => {
    const { locks } = setup();
    const signals = { run: new AbortController(), caller: new AbortController() };
    const lock = locks.within({ run: "report@1", signal: signals.run.signal });
    const reason = await lock("invoices", { ttl: TTL_MS, signal: signals.caller.signal }, ({ signal }) => {
      signals[whose].abort("enough");
      return signal.reason;
    });
    expect(reason).toBe("enough");
  });

  it("names the run in the events", async () => {
    const { locks, recorder } = setup();
    const lock = locks.within({ run: "report@1", signal: new AbortController().signal });
    await lock("invoices", { ttl: TTL_MS }, work);
    expect(recorder.of("lock.acquired")).toMatchObject([{ run: "report@1" }]);
    expect(recorder.of("lock.released")).toMatchObject([{ run: "report@1" }]);
  });
});
