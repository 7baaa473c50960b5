import { afterEach, describe, expect, it } from "vitest";
import type { BidOutcome } from "../../../src/election/election.ts";
import { Elector, type ElectorOptions } from "../../../src/election/elector.ts";
import type { Term, TermWork } from "../../../src/election/term.ts";
import { BellwetherError } from "../../../src/errors.ts";
import { leaderAbsence } from "../../support/leader-absence.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { Recorder } from "../../support/recorder.ts";
import { elected, held, ScriptStore } from "../../support/script-store.ts";

const TTL_MS = 10_000;
const TRUST_MS = 9_000;

const electors: Elector[] = [];
afterEach(async () => {
  await Promise.all(electors.splice(0).map(elector => elector.stop()));
});

type Extras = Partial<Pick<ElectorOptions, "seekLeader" | "canLaunch" | "goOnWithoutTheRest" | "leaseTtlMs">>;

function setup(runTerm?: TermWork, extras: Extras = {}) {
  const clock = new ManualClock();
  const store = new ScriptStore();
  const recorder = new Recorder();
  const terms: Term[] = [];
  const absence = leaderAbsence(clock, recorder.events, extras.leaseTtlMs ?? TTL_MS);
  const elector = new Elector({
    store,
    absence,
    clock,
    events: recorder.events,
    replica: "me",
    generation: 3,
    leaseTtlMs: TTL_MS,
    random: () => 0,
    ...extras,
    runTerm: async term => {
      terms.push(term);
      return runTerm ? runTerm(term) : untilAborted(term);
    },
  });
  electors.push(elector);
  return { clock, store, recorder, absence, elector, terms };
}

function untilAborted(term: Term): Promise<"ended"> {
  return new Promise(resolve => {
    if (term.signal.aborted) resolve("ended");
    term.signal.addEventListener("abort", () => resolve("ended"));
  });
}

async function leading(store: ScriptStore, elector: Elector, term = 1) {
  store.onCampaign = (_, count) => (count === 1 ? elected(term) : held("other", term + 1));
  elector.start();
  await settle();
}

describe("following", () => {
  it("names the leader it follows once per change", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onCampaign = (_, count) => held(count <= 3 ? "a" : "b", count <= 3 ? 1 : 2);
    elector.start();
    await clock.advance(30_000);
    expect(recorder.of("leader.observed")).toEqual([
      { leader: "a", term: 1 },
      { leader: "b", term: 2 },
    ]);
  });

  it("does not follow itself while the lease of a term that it lost runs out", async () => {
    const { clock, store, recorder, absence, elector } = setup();
    store.onCampaign = () => held("me", 1);
    elector.start();
    await clock.advance(5_000);
    expect(recorder.of("leader.observed")).toEqual([]);
    expect(absence.forMs).toBeGreaterThan(0);
  });

  it("says how the term began that it follows", async () => {
    const { store, recorder, elector } = setup();
    const cause = { cause: "stepdown", by: "ann" } as const;
    const began = { reason: "resigned", previous: "b", cause, vacantMs: 4 } as const;
    const sinceMs = Date.UTC(2026, 10, 23, 7);
    store.onCampaign = () => ({
      outcome: "held",
      endsInMs: 9_000,
      presence: "there",
      isWatcher: true,
      leader: { replica: "a", term: 2, sinceMs, began },
    });
    elector.start();
    await settle();
    expect(recorder.of("leader.observed")).toEqual([
      {
        leader: "a",
        term: 2,
        previous: "b",
        reason: "resigned",
        reasonCode: "resigned",
        cause: "stepdown",
        by: "ann",
        vacantMs: 4,
        at: "2026-11-23T07:00:00.000Z",
      },
    ]);
  });

  it("bids only when its log says that Redis answers again, or soon after Redis has answered", async () => {
    const { clock, store, recorder, elector } = setup();
    const redis = { address: "db:6379", error: "ECONNREFUSED", version: "8.0.0" };
    store.onCampaign = (_, count) => (count === 1 ? "no answer" : elected(count));
    elector.start();
    await settle();
    recorder.events.emit("redis.unreachable", redis);
    await clock.advance(600);
    expect(recorder.of("leader.elected")).toEqual([]);
    recorder.events.emit("redis.connected", redis);
    await clock.advance(50);
    expect(recorder.of("leader.elected")).toMatchObject([{ term: 2 }]);

    const calls: number[] = [];
    const other = setup(undefined, { goOnWithoutTheRest: () => calls.push(other.store.bids.length) });
    other.store.onCampaign = store.onCampaign;
    other.elector.start();
    await settle();
    other.recorder.events.emit("redis.unreachable", redis);
    await other.clock.advance(2_000);
    expect(other.recorder.of("leader.elected")).toMatchObject([{ term: 2 }]);
    expect(calls).toEqual([1]);
  });

  it("names an outage that began and ended between two of its bids", async () => {
    const { clock, store, recorder, elector } = setup();
    const redis = { address: "db:6379", error: "ECONNREFUSED", version: "8.0.0" };
    store.onCampaign = (_, count) => (count === 1 ? held("other", 1) : elected(2));
    elector.start();
    await settle();
    await clock.advance(5);
    recorder.events.emit("redis.unreachable", redis);
    recorder.events.emit("redis.connected", redis);
    store.announceChange();
    await clock.advance(50);
    expect(recorder.of("leader.elected")).toHaveLength(1);
    expect(store.bids.at(-1)?.away).toMatchObject({ error: "ECONNREFUSED" });
  });

  it.each([
    { what: "is not seen to renew its lease", endsInMs: 4_000, error: "ECONNREFUSED" },
    { what: "has renewed its lease since", endsInMs: TTL_MS, error: undefined },
  ])("names the last outage to the end of a leader that $what", async ({ endsInMs, error }) => {
    const { clock, store, recorder, elector } = setup();
    const redis = { address: "db:6379", error: "ECONNREFUSED", version: "8.0.0" };
    store.onCampaign = (_, count) => (count <= 3 ? held("other", 1, endsInMs) : elected(2));
    elector.start();
    await settle();
    await clock.advance(5);
    recorder.events.emit("redis.unreachable", redis);
    await clock.advance(100);
    recorder.events.emit("redis.connected", redis);
    store.announceChange();
    await clock.advance(50);
    expect(store.bids).toHaveLength(2);
    store.announceChange();
    await clock.advance(50);
    store.announceChange();
    await clock.advance(50);
    expect(recorder.of("leader.elected")).toHaveLength(1);
    expect(store.bids.at(-1)?.away?.error).toBe(error);
  });

  it.each([
    { what: "before its connections are made", isToldAway: false, error: undefined },
    { what: "while Redis cannot be reached", isToldAway: true, error: "ECONNREFUSED" },
  ])(
    "names no more than is known to the end of a leader, when it starts $what",
    async ({ isToldAway, error }) => {
      const { clock, store, recorder, elector } = setup();
      store.onCampaign = (_, count) => {
        if (count === 1) return new BellwetherError("BW_REDIS_AWAY", {});
        return count === 2 ? held("other", 1, 4_000) : elected(2);
      };
      if (isToldAway)
        recorder.events.emit("redis.unreachable", { address: "db:6379", error: "ECONNREFUSED" });
      elector.start();
      await clock.advance(10_000);
      expect(recorder.of("leader.elected")).toHaveLength(1);
      expect(store.bids.at(-1)?.away?.error).toBe(error);
    },
  );

  it("names no outage of a connection that leading does not need", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onCampaign = (_, count) => (count === 1 ? held("other", 1) : elected(2));
    elector.start();
    await settle();
    recorder.events.emit("redis.unreachable", {
      address: "db:6379",
      error: "ECONNREFUSED",
      connection: "worker",
    });
    store.announceChange();
    await clock.advance(50);
    expect(recorder.of("leader.elected")).toHaveLength(1);
    expect(store.bids.at(-1)?.away).toBeUndefined();
  });

  it.each([
    { connection: undefined, waitsMs: 1_000 },
    { connection: "launch", waitsMs: 1_000 },
    { connection: "lease", waitsMs: 1_000 },
    { connection: "worker", waitsMs: 0 },
  ])("waits with a bid for the connections that a leader works with ($connection)", async row => {
    const { connection, waitsMs } = row;
    const { clock, store, recorder, elector } = setup();
    store.onCampaign = () => elected(1);
    recorder.events.emit("redis.unreachable", {
      address: "db:6379",
      error: "ECONNREFUSED",
      ...(connection && { connection }),
    });
    elector.start();
    await settle();
    expect(recorder.of("leader.elected")).toHaveLength(waitsMs === 0 ? 1 : 0);
    await clock.advance(waitsMs);
    expect(recorder.of("leader.elected")).toHaveLength(1);
  });

  it("does not stand for election while it has no connection to launch over", async () => {
    let canLaunch = false;
    const seekLeader = async () => null;
    const { clock, store, recorder, elector } = setup(undefined, { seekLeader, canLaunch: () => canLaunch });
    store.onCampaign = () => elected(1);
    elector.start();
    await clock.advance(3 * TTL_MS);
    expect(store.bids).toEqual([]);
    expect(store.withdrawals).toBeGreaterThan(0);
    expect(recorder.of("leader.absent")).toMatchObject([
      { error: expect.stringContaining("no connection to launch over") },
    ]);
    canLaunch = true;
    await clock.advance(2_000);
    expect(recorder.of("leader.elected")).toMatchObject([{ term: 1 }]);
    // The store has answered all the time.
    expect(store.bids[0]?.away).toBeUndefined();
  });

  it("counts a new lease from its bid, not from when it began to wait for its connections", async () => {
    const { clock, store, recorder, elector } = setup(undefined, { leaseTtlMs: 1_000 });
    const redis = { address: "db:6379", error: "ECONNREFUSED", version: "8.0.0" };
    store.onCampaign = () => elected(1);
    recorder.events.emit("redis.unreachable", redis);
    elector.start();
    await clock.advance(950);
    recorder.events.emit("redis.connected", redis);
    await clock.advance(100);
    expect(recorder.of("leader.elected")).toHaveLength(1);
    expect(recorder.of("leader.lost")).toEqual([]);
  });

  it("bids again at once after a wakeup", async () => {
    const { store, elector } = setup();
    store.onCampaign = () => held("a", 1);
    elector.start();
    await settle();
    expect(store.bids).toHaveLength(1);
    store.announceChange();
    await settle();
    expect(store.bids).toHaveLength(2);
  });

  it("bids again when the lease should have ended, not only at its own interval", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = () => held("a", 1, 400);
    elector.start();
    await clock.advance(399);
    expect(store.bids).toHaveLength(1);
    await clock.advance(1);
    expect(store.bids).toHaveLength(2);
  });

  it("takes over from a leader that was gone twice in a row, a tenth of a second apart", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = bid => (bid.takeOver === 4 ? elected(5) : held("a", 4, 9_000, "gone"));
    elector.start();
    await clock.advance(99);
    expect(store.bids.map(bid => bid.takeOver)).toEqual([undefined]);
    await clock.advance(1);
    expect(store.bids.map(bid => bid.takeOver)).toEqual([undefined, 4]);
  });

  it("does not take two checks for proof that the leader is gone when a wakeup brought them together", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = () => held("a", 4, 9_000, "gone");
    elector.start();
    await settle();
    store.announceChange();
    await clock.advance(99);
    expect(store.bids.map(bid => bid.takeOver)).toEqual([undefined, undefined]);
    await clock.advance(101);
    expect(store.bids.map(bid => bid.takeOver)).toContain(4);
  });

  it("suspects each leader for itself, and replaces one that is gone soon after another one", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = (_, count) =>
      count === 1 ? held("a", 4, 9_000, "gone") : held("b", 5, 9_000, "gone");
    elector.start();
    await clock.advance(200);
    expect(store.bids.map(bid => bid.takeOver)).toEqual([undefined, 4, 5]);
  });

  it("forgets its suspicion when the leader is there again, or another one leads", async () => {
    const { clock, store, elector } = setup();
    const seen = [held("a", 4, 9_000, "gone"), held("a", 4, 9_000, "there"), held("b", 5, 9_000, "there")];
    store.onCampaign = (_, count) => seen[Math.min(count, seen.length) - 1] as BidOutcome;
    elector.start();
    await clock.advance(5_000);
    expect(store.bids.slice(0, 5).map(bid => bid.takeOver)).toEqual([
      undefined,
      4,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("looks for the leader's presence often only where it can be seen", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = () => held("a", 1);
    elector.start();
    await clock.advance(10_000);
    expect(store.bids.length).toBeLessThan(10);
    expect(store.looks).toBe(0);
    store.onCampaign = () => held("a", 1, 9_000, "there");
    await clock.advance(10_000);
    expect(store.looks).toBeGreaterThan(50);
  });

  it("sends at most ten commands a second as a watcher", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = () => held("a", 1, 9_000, "there");
    elector.start();
    await clock.advance(10_000);
    expect(store.looks + store.bids.length).toBeLessThanOrEqual(100);
  });

  it("bids when it does not see the leader any more, and takes over after a tenth of a second", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = bid => (bid.takeOver === 4 ? elected(5) : held("a", 4, 9_000, "there"));
    elector.start();
    await clock.advance(500);
    expect(store.bids).toHaveLength(1);
    store.onCampaign = bid => (bid.takeOver === 4 ? elected(5) : held("a", 4, 9_000, "gone"));
    store.onLook = () => "gone";
    await clock.advance(220);
    expect(store.bids.map(bid => bid.takeOver)).toEqual([undefined, undefined, 4]);
  });

  it("bids when a check of the leader's presence has no answer", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = () => held("a", 4, 9_000, "there");
    store.onLook = () => "no answer";
    elector.start();
    await clock.advance(120);
    expect(store.bids).toHaveLength(2);
  });

  it("bids rarely, and looks never, where others watch the leader, until it is woken", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = () => held("a", 1, 9_000, "there", false);
    elector.start();
    await clock.advance(24_900);
    expect(store.bids).toHaveLength(5);
    expect(store.looks).toBe(0);
    store.announceChange();
    await settle();
    expect(store.bids).toHaveLength(6);
  });

  it("takes over by itself where others should watch, but its own rare bid finds the leader gone", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = (bid, count) => {
      if (bid.takeOver === 4) return elected(5);
      return held("a", 4, 9_000, count === 1 ? "there" : "gone", false);
    };
    elector.start();
    await clock.advance(5_100);
    expect(store.bids.map(bid => bid.takeOver)).toEqual([undefined, undefined, 4]);
  });

  it("keeps its place in a line by bids, also where others watch the leader", async () => {
    const { clock, store, elector } = setup(undefined, { leaseTtlMs: 3_000 });
    store.hasPlaces = true;
    store.onCampaign = () => held("a", 1, 2_000, "there", false);
    elector.start();
    await clock.advance(10_000);
    expect(store.bids.length).toBeGreaterThanOrEqual(10);
  });

  it("repeats a bid without an answer with the same token, and takes a new one after an answer", async () => {
    const { clock, store, elector } = setup();
    store.onCampaign = (_, count) => (count === 1 ? "no answer" : held("a", 1));
    elector.start();
    await clock.advance(10_000);
    const [first, second, third] = store.bids;
    expect(second?.token).toBe(first?.token);
    expect(third?.token).not.toBe(first?.token);
  });

  it("says that nobody leads after two TTLs without an answer, then at doubling intervals", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onCampaign = () => "no answer";
    elector.start();
    await clock.advance(2 * TTL_MS - 1_000);
    expect(recorder.of("leader.absent")).toEqual([]);
    await clock.advance(100_000);
    const times = recorder.of("leader.absent").map(event => Math.round(event.forMs / TTL_MS));
    expect(times).toEqual([2, 4, 8]);
  });

  it("says that it cannot take over, and not that nobody leads, while another replica is seen to lead", async () => {
    let leader = "other";
    const seekLeader = async () => {
      if (leader === "unknown") throw new Error("no connection");
      return { replica: leader, term: 1, sinceMs: 0 };
    };
    const { clock, store, recorder, absence, elector } = setup(undefined, { seekLeader });
    store.onCampaign = () => "no answer";
    elector.start();
    await clock.advance(3 * TTL_MS);
    expect(recorder.of("bid.failing")).toMatchObject([{ leader: "other", error: expect.any(String) }]);
    expect(recorder.of("leader.absent")).toEqual([]);
    expect(recorder.of("leader.observed")).toEqual([{ leader: "other", term: 1 }]);
    expect(absence.forMs).toBe(0);
    leader = "me";
    await clock.advance(3 * TTL_MS);
    expect(recorder.of("leader.absent")).toHaveLength(1);
    expect(recorder.of("leader.absent")[0]?.error).not.toContain("cannot see");
    leader = "other";
    await clock.advance(TTL_MS);
    expect(absence.forMs).toBe(0);
    leader = "unknown";
    await clock.advance(3 * TTL_MS);
    expect(recorder.of("leader.absent")).toHaveLength(2);
    expect(recorder.of("leader.absent")[1]?.error).toMatch(/^this replica cannot see who leads: ./);
    expect(recorder.of("bid.failing")).toHaveLength(1);
  });

  it("tells for how long it has known of no leader", async () => {
    const { clock, store, absence, elector } = setup();
    elector.start();
    await clock.advance(30_000);
    expect(absence.forMs).toBe(30_000);
    store.onCampaign = () => held("a", 1);
    await clock.advance(1_000);
    expect(absence.forMs).toBe(0);
  });

  it("gives a bid that may have been granted back when it stops", async () => {
    const { store, elector } = setup();
    store.onCampaign = () => "no answer";
    elector.start();
    await settle();
    await elector.stop();
    expect(store.releases.map(release => release.bid.token)).toContain(store.bids[0]?.token);
  });
});

describe("while no term is opened", () => {
  it("says that nobody leads when the lease is held and no term stands", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onCampaign = () => ({
      outcome: "held",
      leader: null,
      isWatcher: true,
      endsInMs: 9_000,
      presence: "unknown",
    });
    elector.start();
    await clock.advance(3 * TTL_MS);
    expect(recorder.of("leader.absent")).toHaveLength(1);
    expect(recorder.of("leader.observed")).toEqual([]);
  });

  it("names a holder from outside once, and says that nobody leads", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onCampaign = () => held("by-hand", 0);
    elector.start();
    await clock.advance(3 * TTL_MS);
    expect(recorder.of("leader.observed")).toEqual([{ leader: "by-hand", term: 0 }]);
    expect(recorder.of("leader.absent")).toHaveLength(1);
  });

  it("leaves nothing in the store when it stops", async () => {
    const { store, elector } = setup();
    store.onCampaign = () => held("a", 1);
    elector.start();
    await settle();
    await elector.stop();
    expect(store.withdrawals).toBe(1);
  });
});

describe("leading", () => {
  it("hands its work the number and the fence of the term", async () => {
    const { store, elector, terms } = setup();
    await leading(store, elector, 7);
    expect(terms[0]).toMatchObject({ number: 7, fence: `7:${store.bids[0]?.token}` });
  });

  it("renews at every third of the TTL", async () => {
    const { clock, store, elector } = setup();
    await leading(store, elector);
    await clock.advance(TTL_MS / 3 - 1);
    expect(store.renewals).toHaveLength(0);
    await clock.advance(1 + 2 * (TTL_MS / 3) + 1);
    expect(store.renewals).toHaveLength(3);
  });

  it("keeps the term when a renewal fails and a later one succeeds", async () => {
    const { clock, store, recorder, elector, terms } = setup();
    store.onRenew = (_, count) => (count < 4 ? "no answer" : "renewed");
    await leading(store, elector);
    await clock.advance(60_000);
    expect(recorder.of("leader.lost")).toEqual([]);
    expect(terms[0]?.signal.aborted).toBe(false);
  });

  it("tells which term it leads and until when it trusts it, until its work has ended", async () => {
    const work = Promise.withResolvers<"ended">();
    const { clock, store, recorder, elector } = setup(() => work.promise);
    expect(elector.currentTerm).toBeNull();
    const grantedMs = clock.monotonicMs();
    await leading(store, elector, 4);
    expect(elector.currentTerm).toEqual({ term: 4, trustedUntilMs: grantedMs + TRUST_MS });
    await clock.advance(4_000);
    const renewedMs = clock.monotonicMs();
    expect(elector.currentTerm?.trustedUntilMs).toBeGreaterThan(grantedMs + TRUST_MS);
    store.onRenew = () => "lost";
    await clock.advance(TTL_MS);
    expect(recorder.of("leader.lost")).toHaveLength(1);
    expect(elector.currentTerm?.trustedUntilMs).toBeLessThan(renewedMs + TRUST_MS);
    work.resolve("ended");
    await settle();
    expect(elector.currentTerm).toBeNull();
  });

  it("gives up the term when renewals fail until trust runs out", async () => {
    const { clock, store, recorder, elector, terms } = setup();
    store.onRenew = () => "no answer";
    await leading(store, elector);
    await clock.advance(TRUST_MS - 1);
    expect(terms[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(terms[0]?.signal.aborted).toBe(true);
    expect(recorder.of("leader.lost")).toMatchObject([
      { term: 1, reason: "unreachable", error: "no answer" },
    ]);
  });

  it("gives up the term when a renewal hangs until trust runs out", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onRenew = () => "silence";
    await leading(store, elector);
    await clock.advance(TRUST_MS);
    expect(recorder.of("leader.lost")).toMatchObject([
      { term: 1, reason: "unreachable", error: "no answer in time" },
    ]);
  });

  it("says why renewals were refused also when the last one was cut short by the end of the trust", async () => {
    const { clock, store, recorder, elector } = setup();
    const shortMs = clock.monotonicMs() + TRUST_MS - 300;
    store.onRenew = () => (clock.monotonicMs() < shortMs ? "no answer" : "silence");
    await leading(store, elector);
    await clock.advance(TRUST_MS);
    expect(recorder.of("leader.lost")).toMatchObject([
      { term: 1, reason: "unreachable", error: "no answer" },
    ]);
  });

  it("counts trust from when the renewal was sent, not from its answer", async () => {
    const { clock, store, recorder, elector } = setup();
    let answerFirst: (value: "renewed") => void = () => undefined;
    const slow = new Promise<"renewed">(resolve => {
      answerFirst = resolve;
    });
    store.renew = bid => {
      store.renewals.push(bid);
      return store.renewals.length === 1 ? slow : new Promise(() => undefined);
    };
    await leading(store, elector);
    const sentAtMs = TTL_MS / 3;
    await clock.advance(sentAtMs + 3_000);
    answerFirst("renewed");
    await settle();
    await clock.advance(TRUST_MS - 3_000 - 1);
    expect(recorder.of("leader.lost")).toEqual([]);
    await clock.advance(2);
    expect(recorder.of("leader.lost")).toHaveLength(1);
  });

  it("finds its term expired after a pause, before it sends anything", async () => {
    const { clock, store, recorder, elector, terms } = setup();
    await leading(store, elector);
    await clock.freeze(2 * TTL_MS);
    expect(recorder.of("leader.lost")).toMatchObject([{ term: 1, reason: "expired" }]);
    expect(terms[0]?.signal.aborted).toBe(true);
    expect(store.renewals).toHaveLength(0);
  });

  it("gives up the term when the store says that the lease is not its own", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onRenew = () => "lost";
    await leading(store, elector);
    await clock.advance(TTL_MS / 3);
    expect(recorder.of("leader.lost")).toMatchObject([{ term: 1, reason: "expired" }]);
  });

  it("is fenced when the store says that a newer term is in force", async () => {
    const { clock, store, recorder, elector } = setup();
    store.onRenew = () => "fenced";
    await leading(store, elector);
    await clock.advance(TTL_MS / 3);
    expect(recorder.of("leader.lost")).toMatchObject([{ term: 1, reason: "fenced", cause: "fenced" }]);
  });

  it("gives the lease back when its work finds itself fenced, and bids with a new token", async () => {
    const { clock, store, recorder, elector } = setup(async () => "fenced");
    await leading(store, elector);
    await clock.advance(TTL_MS / 3);
    expect(recorder.of("leader.lost")).toMatchObject([{ term: 1, reason: "fenced", reasonCode: "fenced" }]);
    expect(store.releases[0]?.bid.token).toBe(store.bids[0]?.token);
    expect(store.bids[1]?.token).not.toBe(store.bids[0]?.token);
  });

  it("resigns when its work breaks down, and follows again after a pause", async () => {
    const thrown = new Error("bug");
    const { clock, store, recorder, elector } = setup(() => Promise.reject(thrown));
    await leading(store, elector);
    expect(recorder.of("leader.failed")).toEqual([{ term: 1, error: "bug", thrown }]);
    expect(recorder.of("leader.failed")[0]?.thrown).toBe(thrown);
    expect(store.releases).toHaveLength(1);
    expect(store.bids).toHaveLength(1);
    await clock.advance(TTL_MS / 3);
    expect(store.bids).toHaveLength(2);
  });
});

describe("a replica that is fenced once", () => {
  it("follows as soon as another one leads", async () => {
    const { store, elector } = setup(async () => "fenced");
    store.onCurrent = () => ({ replica: "other", term: 2, sinceMs: 0 });
    await leading(store, elector);
    await settle();
    expect(store.bids).toHaveLength(2);
  });
});

describe("a replica that is fenced again and again", () => {
  it("opens terms no faster than every third of the TTL", async () => {
    const { clock, store, recorder, elector } = setup(async () => "fenced");
    store.onCampaign = (_, count) => elected(count);
    elector.start();
    await clock.advance(10 * TTL_MS);
    expect(recorder.of("leader.elected").length).toBeGreaterThan(20);
    expect(recorder.of("leader.elected").length).toBeLessThanOrEqual(31);
  });

  it("does so too when somebody else, who may be in the same place, leads in between", async () => {
    const { clock, store, recorder, elector } = setup(async () => "fenced");
    store.onCampaign = (_, count) => (count <= 200 ? elected(count) : held("other", count));
    store.onCurrent = () => ({ replica: "other", term: 1, sinceMs: 0 });
    elector.start();
    await clock.advance(10 * TTL_MS);
    expect(recorder.of("leader.elected").length).toBeLessThanOrEqual(32);
  });
});

describe("a subscriber of the events that throws", () => {
  it("costs neither the term nor the election after it", async () => {
    const { clock, store, recorder, elector, terms } = setup();
    recorder.events.subscribe(() => {
      throw new Error("a subscriber's bug");
    });
    await leading(store, elector);
    await clock.advance(60_000);
    expect(terms[0]?.signal.aborted).toBe(false);
    elector.stepDown("stepdown");
    await clock.advance(TTL_MS);
    expect(recorder.of("leader.observed")).toEqual([{ leader: "other", term: 2 }]);
  });
});

describe("an election that breaks down", () => {
  it("says so, gives back what it may hold, and can be stopped", async () => {
    const { store, elector } = setup();
    const broken = new Error("a bug");
    store.onChange = () => {
      throw broken;
    };
    const failed = elector.failure.catch((error: unknown) => error);
    elector.start();
    expect(await failed).toBe(broken);
    expect(store.withdrawals).toBe(1);
    await elector.stop();
  });

  it("ends the leader's work as well", async () => {
    const { store, elector, terms } = setup();
    let subscriptions = 0;
    const onChange = store.onChange.bind(store);
    store.onChange = wake => {
      if (++subscriptions === 2) throw new Error("a bug");
      return onChange(wake);
    };
    const failed = elector.failure.catch((error: unknown) => error);
    await leading(store, elector);
    expect(await failed).toMatchObject({ message: "a bug" });
    expect(terms[0]?.signal.aborted).toBe(true);
    expect(elector.currentTerm).toBeNull();
  });
});

describe("a leader whose work reports its progress", () => {
  /** The work of a term that reports for as long as `goesOn`. */
  function reporting(goesOn: () => boolean, onStep: (term: Term) => void = term => term.progress?.succeed()) {
    const bundle = setup(async term => {
      onStep(term);
      while (!term.signal.aborted) {
        await bundle.clock.sleep(400, term.signal);
        if (goesOn()) onStep(term);
      }
      return "ended";
    });
    return bundle;
  }

  it("keeps its term while it gets on", async () => {
    const { clock, store, elector, terms } = reporting(() => true);
    await leading(store, elector);
    await clock.advance(59_000);
    expect(terms[0]?.signal.aborted).toBe(false);
    expect(store.renewals).toHaveLength(17);
  });

  it("resigns within three seconds when it hangs and the store answers", async () => {
    let goesOn = true;
    const { clock, store, recorder, elector } = reporting(() => goesOn);
    await leading(store, elector);
    await clock.advance(20_000);
    goesOn = false;
    await clock.advance(2_000);
    expect(recorder.of("leader.resigned")).toEqual([]);
    await clock.advance(1_000);
    expect(recorder.of("leader.resigned")).toMatchObject([
      { term: 1, reason: "no-progress", reasonCode: "no_progress" },
    ]);
    expect(recorder.of("launch.stalled")).toMatchObject([
      { term: 1, error: "a step of the leader's work has not ended" },
    ]);
    expect(store.releases).toMatchObject([{ reason: "resigned" }]);
  });

  it("resigns when its steps fail again and again and the store answers, and says why", async () => {
    let isBroken = false;
    const { clock, store, recorder, elector } = reporting(
      () => true,
      term => {
        term.progress?.step();
        if (isBroken) term.progress?.fail("no connection to Redis");
        else term.progress?.succeed();
      },
    );
    await leading(store, elector);
    isBroken = true;
    await clock.advance(2_400);
    expect(recorder.of("leader.resigned")).toEqual([]);
    await clock.advance(1_000);
    expect(recorder.of("leader.resigned")).toMatchObject([
      { term: 1, reason: "no-progress", reasonCode: "no_progress" },
    ]);
    expect(recorder.of("launch.stalled")).toMatchObject([{ error: "no connection to Redis" }]);
  });

  it("stays while the store does not answer it either, and goes on when both are there again", async () => {
    let goesOn = true;
    const { clock, store, recorder, elector, terms } = reporting(() => goesOn);
    await leading(store, elector);
    store.onRenew = () => "no answer";
    goesOn = false;
    await clock.advance(6_000);
    store.onRenew = () => "renewed";
    goesOn = true;
    await clock.advance(30_000);
    expect(recorder.of("leader.resigned")).toEqual([]);
    expect(terms[0]?.signal.aborted).toBe(false);
  });

  it("never keeps its lease for longer than it is trusted when it hangs and the store does not answer", async () => {
    let goesOn = true;
    const { clock, store, recorder, elector } = reporting(() => goesOn);
    await leading(store, elector);
    await clock.advance(4_000);
    store.onRenew = () => "silence";
    goesOn = false;
    await clock.advance(TRUST_MS);
    expect(recorder.of("leader.lost")).toMatchObject([{ reason: "unreachable" }]);
  });

  it("does not resign when its process was frozen and goes on", async () => {
    const { clock, store, recorder, elector } = reporting(() => true);
    await leading(store, elector);
    await clock.freeze(5_000);
    await clock.advance(30_000);
    expect(recorder.of("leader.resigned")).toEqual([]);
    expect(recorder.of("leader.lost")).toEqual([]);
  });

  /** When, after the election, the store heard first that the generation is proven. */
  async function provenAfterMs(bundle: ReturnType<typeof setup>, limitMs = 40_000) {
    const { clock, store } = bundle;
    const startMs = clock.monotonicMs();
    while (clock.monotonicMs() - startMs < limitMs) {
      await clock.advance(100);
      if (store.renewals.at(-1)?.isProven) return clock.monotonicMs() - startMs;
    }
    return null;
  }

  it("tells the store that its generation is proven after ten seconds, and goes on telling it", async () => {
    const bundle = reporting(() => true);
    await leading(bundle.store, bundle.elector);
    expect(await provenAfterMs(bundle)).toBe(10_000);
    await bundle.clock.advance(30_000);
    expect(bundle.store.renewals.at(-1)).toMatchObject({ generation: 3, isProven: true });
  });

  it("has not proven its generation while its launches are refused", async () => {
    let isRefused = true;
    const bundle = reporting(
      () => true,
      term => (isRefused ? term.progress?.refuse() : term.progress?.succeed()),
    );
    await leading(bundle.store, bundle.elector);
    expect(await provenAfterMs(bundle, 20_000)).toBeNull();
    isRefused = false;
    expect(await provenAfterMs(bundle)).toBeGreaterThanOrEqual(10_000);
  });

  it("begins to prove its generation anew after it hung", async () => {
    let goesOn = true;
    const bundle = reporting(() => goesOn);
    await leading(bundle.store, bundle.elector);
    await bundle.clock.advance(5_000);
    goesOn = false;
    await bundle.clock.advance(2_100);
    goesOn = true;
    expect(await provenAfterMs(bundle)).toBeGreaterThanOrEqual(10_000);
    expect(bundle.recorder.of("leader.resigned")).toEqual([]);
  });

  it("proves a generation that it takes over while it leads anew", async () => {
    const bundle = reporting(() => true);
    await leading(bundle.store, bundle.elector);
    await provenAfterMs(bundle);
    bundle.elector.setGeneration(4);
    await bundle.clock.advance(5_000);
    expect(bundle.store.renewals.at(-1)).toMatchObject({ generation: 4, isProven: false });
    await bundle.clock.advance(10_000);
    expect(bundle.store.renewals.at(-1)).toMatchObject({ generation: 4, isProven: true });
  });

  it("lets others lead after that, and tries again when no one does", async () => {
    let goesOn = true;
    const { clock, store, elector } = reporting(() => goesOn);
    await leading(store, elector);
    goesOn = false;
    await clock.advance(2_501);
    expect(store.bids).toHaveLength(1);
    await clock.advance(TTL_MS / 3);
    expect(store.bids.length).toBeGreaterThan(1);
  });
});

describe("resigning", () => {
  it("aborts the term and releases the lease at once when it stops", async () => {
    const { store, recorder, elector, terms } = setup();
    await leading(store, elector);
    await elector.stop();
    expect(terms[0]?.signal.aborted).toBe(true);
    expect(store.releases[0]).toMatchObject({ reason: "resigned", bid: { token: store.bids[0]?.token } });
    expect(recorder.of("leader.resigned")).toMatchObject([{ term: 1, reason: "shutdown" }]);
  });

  it("says that it lost a term that was replaced before it stopped", async () => {
    const { store, recorder, elector } = setup();
    store.onRelease = () => "replaced";
    await leading(store, elector);
    await elector.stop();
    expect(recorder.of("leader.resigned")).toEqual([]);
    expect(recorder.of("leader.lost")).toMatchObject([{ term: 1, reason: "expired", cause: "replaced" }]);
  });

  it("says that it resigned as of its last renewal when the store does not answer", async () => {
    const { clock, store, recorder, elector } = setup();
    store.release = () => Promise.reject(new Error("gone"));
    await leading(store, elector);
    const renewedAt = new Date(clock.nowMs()).toISOString();
    await clock.advance(1_000);
    expect(store.renewals).toEqual([]);
    await elector.stop();
    expect(recorder.of("leader.resigned")).toMatchObject([{ term: 1, reason: "shutdown", at: renewedAt }]);
  });

  it("lets others lead after it stepped down, and follows them", async () => {
    const { store, recorder, elector } = setup();
    await leading(store, elector);
    expect(elector.stepDown("stepdown")).toBe(true);
    await settle();
    expect(store.bids).toHaveLength(1);
    store.current = async () => ({ replica: "other", term: 2, sinceMs: 0 });
    store.announceChange();
    await settle();
    expect(recorder.of("leader.resigned")).toMatchObject([{ term: 1, reason: "stepdown" }]);
    expect(recorder.of("leader.observed")).toEqual([{ leader: "other", term: 2 }]);
  });

  it("leads again when nobody else does within a third of the TTL", async () => {
    const { clock, store, elector } = setup();
    await leading(store, elector);
    elector.stepDown("stepdown");
    await clock.advance(TTL_MS / 3 - 1);
    expect(store.bids).toHaveLength(1);
    await clock.advance(1);
    expect(store.bids).toHaveLength(2);
  });

  it("has nothing to step down from while it follows", async () => {
    const { store, elector } = setup();
    store.onCampaign = () => held("a", 1);
    elector.start();
    await settle();
    expect(elector.stepDown("stepdown")).toBe(false);
  });

  it("does not wait for a store that is away", async () => {
    const { clock, store, elector } = setup();
    store.release = () => new Promise(() => undefined);
    await leading(store, elector);
    const stopped = elector.stop();
    await clock.advance(2_500);
    await stopped;
  });

  it("may be stopped twice, and before it started", async () => {
    const { elector } = setup();
    await elector.stop();
    await elector.stop();
  });
});
