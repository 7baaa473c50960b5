import { describe, expect, it } from "vitest";
import {
  keepingOf,
  keepingRules,
  LEASE_TTL,
  LOCK_TTL,
  mustHold,
  type Rules,
  runLockRules,
  runRescueRules,
} from "../../../src/clock/timing.ts";
import { Elector } from "../../../src/election/elector.ts";
import { LeaseKeeper } from "../../../src/election/lease-keeper.ts";
import { etcdCallLimitMs } from "../../../src/etcd/client.ts";
import { HeldLock } from "../../../src/locks/held-lock.ts";
import { QueueConsumer } from "../../../src/worker/queue-consumer.ts";
import { DEFAULT_TIMING } from "../../../src/worker/worker-timing.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";

function brokenBy(rules: Rules): string[] {
  return Object.keys(rules).filter(rule => !rules[rule]);
}

const KEEPING = { ttlMs: 10_000, renewMs: 3_333, trustMs: 9_000 };
const RANGE = "a time to live is from 1000 to 300000 ms";
const RETRY = "after a renewal without an answer there is time for another one";
const TRUST = "trust ends before the time to live";

describe("the rules of a lease", () => {
  it.each([
    { change: {}, broken: [] },
    { change: { ttlMs: 999, renewMs: 333, trustMs: 900 }, broken: [RANGE] },
    { change: { ttlMs: 300_001 }, broken: [RANGE] },
    { change: { renewMs: 4_500 }, broken: [RETRY] },
    { change: { renewMs: 0 }, broken: [RETRY] },
    { change: { trustMs: 10_000 }, broken: [TRUST] },
    { change: { ttlMs: Number.NaN }, broken: [RANGE, TRUST] },
  ])("$change breaks $broken", ({ change, broken }) => {
    expect(brokenBy(keepingRules({ ...KEEPING, ...change }, LEASE_TTL))).toEqual(broken);
  });

  it.each([LEASE_TTL, LOCK_TTL])("hold from the shortest to the longest: %o", allowed => {
    for (const ttlMs of [allowed.minMs, allowed.maxMs]) {
      expect(keepingOf(ttlMs, allowed)).toEqual({ ttlMs, renewMs: ttlMs / 3, trustMs: ttlMs * 0.9 });
    }
  });
});

describe("the rules of a run's lock", () => {
  const KEPT = "a run's lock survives when the store refuses renewals for half of its life";
  it.each([
    { lockDurationMs: 20_000, renewMs: 4_000, broken: [] },
    { lockDurationMs: 20_000, renewMs: 5_000, broken: [KEPT] },
    { lockDurationMs: 0, renewMs: 0, broken: [KEPT] },
  ])("$renewMs of $lockDurationMs ms breaks $broken", ({ broken, ...timing }) => {
    expect(brokenBy(runLockRules(timing))).toEqual(broken);
  });

  it.each([
    { stalledIntervalMs: 5_000, broken: [] },
    { stalledIntervalMs: 5_001, broken: ["the runs of a dead replica are found within 30000 ms"] },
  ])("a check every $stalledIntervalMs ms breaks $broken", ({ stalledIntervalMs, broken }) => {
    const timing = { lockDurationMs: 20_000, stalledIntervalMs, rescueLimitMs: 30_000 };
    expect(brokenBy(runRescueRules(timing))).toEqual(broken);
  });
});

describe("a broken rule is a bug", () => {
  it("that says the rule", () => {
    expect(() => mustHold({ "one is two": false })).toThrow(
      "BUG: a rule of Bellwether's own is broken: one is two",
    );
    expect(() => mustHold({ "one is one": true })).not.toThrow();
  });

  const bid = { replica: "me", token: "t", ttlMs: 999, generation: 0 };
  const claim = { name: "x", token: "t", ttlMs: 999 };
  const parts = () => ({ clock: new ManualClock(), events: new Recorder().events, signals: [], sentMs: 0 });
  it.each([
    { what: "an elector", make: () => new Elector({ ...parts(), leaseTtlMs: 999 } as never) },
    { what: "a lease keeper", make: () => new LeaseKeeper({ ...parts(), granted: { bid } } as never) },
    { what: "a lock", make: () => new HeldLock({ ...parts(), claim } as never) },
    { what: "a limit for calls to etcd", make: () => etcdCallLimitMs(999) },
    {
      what: "a consumer of runs",
      make: () => new QueueConsumer({ timing: { ...DEFAULT_TIMING, lockDurationMs: 0 } } as never),
    },
  ])("in the constructor of $what", ({ make }) => {
    expect(make).toThrow(expect.objectContaining({ code: "BW_BUG" }));
  });
});
