import type { Redis } from "ioredis";
import { describe, expect, vi } from "vitest";
import { Elector } from "../../src/election/elector.ts";
import { RedisElection } from "../../src/election/redis-election.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { leaderAbsence } from "../support/leader-absence.ts";
import { openElection } from "../support/open-election.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

/** No lease ends by itself in these tests. */
const TTL_MS = 60_000;

/** Replicas over connections of their own; the first of them leads. */
const it = test.extend(
  "start",
  ({ server, connect, defer }) =>
    async (count: number, leaseTtlMs = TTL_MS) => {
      const name = namespace();
      const keys = redisKeys(name);
      const admin: Redis = await connect("plain");
      const start = async (id: string) => {
        const create = (parts: ConstructorParameters<typeof RedisElection>[0]) => new RedisElection(parts);
        const opened = await openElection({ redisUrl: server.url, namespace: name, replica: id, create });
        await opened.appear();
        const clock = realClock();
        const recorder = new Recorder();
        const elector = new Elector({
          store: opened.store,
          clock,
          absence: leaderAbsence(clock, recorder.events, leaseTtlMs),
          events: recorder.events,
          replica: id,
          generation: 0,
          leaseTtlMs,
          runTerm: term => new Promise(end => term.signal.addEventListener("abort", () => end("ended"))),
        });
        elector.start();
        const thawed = Promise.withResolvers<never>();
        thawed.promise.catch(() => undefined);
        defer(async () => {
          thawed.reject(new Error("frozen until the end of the test"));
          opened.close();
          await elector.stop();
        });
        /** It is still seen, and does nothing any more. */
        const freeze = () => {
          vi.spyOn(opened.store, "campaign").mockReturnValue(thawed.promise);
          vi.spyOn(opened.store, "presenceOf").mockReturnValue(thawed.promise);
        };
        return {
          id,
          recorder,
          elector,
          store: opened.store,
          kill: opened.close,
          hide: opened.hide,
          freeze,
        };
      };
      type Started = Awaited<ReturnType<typeof start>>;
      const leader = await start("leader");
      await leader.recorder.when("leader.elected");
      const followers = await Promise.all(Array.from({ length: count - 1 }, (_, i) => start(`f${i}`)));
      await Promise.all(followers.map(({ recorder }) => recorder.when("leader.observed")));
      const watcherIds = async () => {
        const lines = ((await admin.get(keys.watchers)) ?? "").split("\n").filter(line => line !== "");
        return lines.map(line => line.split(" ")[2] ?? "");
      };
      const watchers = async () => {
        const ids = await watcherIds();
        return followers.filter(({ id }) => ids.includes(id));
      };
      /** The next leader among these. */
      const successor = (of: readonly Started[]) =>
        Promise.race(of.map(async one => ({ one, event: await one.recorder.when("leader.elected") })));
      /** Resolves when two watch, none of them among these. */
      const untilOthersWatch = async (old: readonly Started[]) => {
        for (;;) {
          const ids = await watcherIds();
          if (ids.length === 2 && old.every(({ id }) => !ids.includes(id))) return;
          await new Promise(resolve => setTimeout(resolve, 50));
        }
      };
      return { admin, leader, followers, watchers, successor, untilOthersWatch };
    },
);

describe("twenty replicas", () => {
  it("take over at the death of the leader, and two others watch then", async ({ start }) => {
    const { leader, followers, watchers, successor, untilOthersWatch } = await start(20);
    expect(await watchers()).toHaveLength(2);
    leader.kill();
    const { one, event } = await successor(followers);
    expect(event).toMatchObject({ term: 2, reason: "crashed", previous: "leader" });
    await Promise.all(
      followers
        .filter(follower => follower !== one)
        .map(({ recorder }) => recorder.when("leader.observed", ({ term }) => term === 2)),
    );
    await untilOthersWatch([one]);
  });

  it("replace watchers that die, before anything happens to the leader", async ({ start }) => {
    const { followers, watchers, untilOthersWatch } = await start(20);
    const dead = await watchers();
    for (const watcher of dead) watcher.kill();
    await untilOthersWatch(dead);
    const alive = followers.filter(follower => !dead.includes(follower));
    expect(alive.flatMap(({ recorder }) => recorder.of("leader.elected"))).toEqual([]);
  });

  it("take over from a leader that dies together with both watchers", async ({ start }) => {
    const { leader, followers, watchers, successor } = await start(20);
    const dead = await watchers();
    for (const one of [...dead, leader]) one.kill();
    const { event } = await successor(followers.filter(follower => !dead.includes(follower)));
    expect(event).toMatchObject({ term: 2, reason: "crashed", previous: "leader" });
  });

  it("take over while both watchers are frozen", async ({ start }) => {
    const { leader, followers, watchers, successor } = await start(20);
    const frozen = await watchers();
    for (const watcher of frozen) watcher.freeze();
    leader.kill();
    const { event } = await successor(followers.filter(follower => !frozen.includes(follower)));
    expect(event).toMatchObject({ term: 2, reason: "crashed", previous: "leader" });
  });

  it("replace a frozen watcher", async ({ start }) => {
    const { watchers, untilOthersWatch } = await start(20);
    const [frozen] = await watchers();
    if (!frozen) throw new Error("two followers watch");
    frozen.freeze();
    await untilOthersWatch([frozen]);
  });

  it("send few commands while they follow", async ({ start }) => {
    const { admin, leader, followers } = await start(20, 3_000);
    let renewals = 0;
    const renew = leader.store.renew.bind(leader.store);
    const renewed = (count: number) =>
      new Promise<void>(resolve => {
        vi.spyOn(leader.store, "renew").mockImplementation(bid => {
          if (++renewals === count) resolve();
          return renew(bid);
        });
      });
    await admin.config("RESETSTAT");
    await renewed(6);
    const stats = await admin.info("commandstats");
    const calls = (name: string) =>
      Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, "m").exec(stats)?.[1] ?? 0);
    // A renewal is a second: two watchers ask eight times and bid once, eighteen others bid every fifth second.
    expect(calls("evalsha")).toBeLessThan(20 * renewals);
    expect(calls("pubsub\\|numsub")).toBeLessThan(40 * renewals);
    expect(followers.flatMap(({ recorder }) => recorder.of("leader.elected"))).toEqual([]);
  });
});

describe("replicas that get no notices", () => {
  it("lead all the same after a leader that resigns", async ({ start }) => {
    const { leader, followers, successor } = await start(4, 3_000);
    for (const follower of followers) follower.hide();
    await leader.elector.stop();
    const { event } = await successor(followers);
    expect(event).toMatchObject({ term: 2, reason: "resigned", previous: "leader" });
  });

  it("lead all the same where they do not watch, and the watchers die with the leader", async ({ start }) => {
    const { leader, followers, watchers, successor } = await start(4, 3_000);
    const dead = await watchers();
    const others = followers.filter(follower => !dead.includes(follower));
    for (const other of others) other.hide();
    for (const one of [...dead, leader]) one.kill();
    const { event } = await successor(others);
    expect(event).toMatchObject({ term: 2, previous: "leader" });
  });
});
