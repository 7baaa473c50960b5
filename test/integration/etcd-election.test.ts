import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect } from "vitest";
import type { Election } from "../../src/election/election.ts";
import { Elector } from "../../src/election/elector.ts";
import { RedisElection } from "../../src/election/redis-election.ts";
import type { Term } from "../../src/election/term.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { CTL_ENV, type TestEtcd } from "../support/etcd-server.ts";
import { openEtcdStore } from "../support/etcd-store.ts";
import { test } from "../support/fixtures.ts";
import { leaderAbsence } from "../support/leader-absence.ts";
import { openRedis } from "../support/open-election.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const TTL_MS = 2_000;

const it = test.extend("setup", ({ server, defer, etcd }) => async () => {
  const name = namespace();
  const keys = redisKeys(name);
  const redis = await openRedis(server.url, "plain");
  defer(() => redis.disconnect());

  const elect = (id: string, store: Election, recorder: Recorder) => {
    const started = startElector(id, store, recorder);
    defer(() => started.elector.stop());
    return started;
  };

  return {
    name,
    keys,
    redis,
    holdByHand() {
      const hand = new EtcdctlElect(etcd, name, "by-hand");
      defer(() => hand.kill());
      return hand;
    },
    async onEtcd(id: string) {
      const recorder = new Recorder();
      const opened = await openEtcdStore({
        redisUrl: server.url,
        etcd: etcd.url,
        namespace: name,
        replica: id,
        events: recorder.events,
        callLimitMs: 333,
      });
      defer(() => opened.close());
      return elect(id, opened.store, recorder);
    },
    async onRedis(id: string) {
      const subscriber = await openRedis(server.url, "subscriber");
      const fenced = await openRedis(server.url, "noRetry");
      defer(() => [subscriber, fenced].map(connection => connection.disconnect()));
      const presence = new RedisPresence({
        subscriber,
        channel: keys.alive(id),
        notices: keys.leadershipChannel,
      });
      presence.start();
      return elect(id, new RedisElection({ redis: fenced, presence, keys }), new Recorder());
    },
    /** Resolves with the keys of the election when there are this many: what a join that came too late made expires. */
    async untilInEtcd(count: number): Promise<string[]> {
      for (;;) {
        const found = lines(await etcd.ctl("get", "--prefix", "--keys-only", `/${name}/election/`));
        if (found.length === count) return found;
      }
    },
  };
});

function startElector(id: string, store: Election, recorder: Recorder) {
  const terms: Term[] = [];
  const clock = realClock();
  const elector = new Elector({
    store,
    clock,
    absence: leaderAbsence(clock, recorder.events, TTL_MS),
    events: recorder.events,
    replica: id,
    generation: 0,
    leaseTtlMs: TTL_MS,
    runTerm: term => {
      terms.push(term);
      return new Promise(resolve => term.signal.addEventListener("abort", () => resolve("ended")));
    },
  });
  elector.start();
  return { id, elector, recorder, terms };
}

type Replica = ReturnType<typeof startElector>;

async function firstElected(replicas: readonly Replica[], term = 1): Promise<Replica> {
  return Promise.race(
    replicas.map(async one => {
      await one.recorder.when("leader.elected", event => event.term >= term);
      return one;
    }),
  );
}

function lines(text: string): string[] {
  return text.split("\n").filter(line => line !== "");
}

/** `etcdctl elect`, which holds the election until it is ended, and prints its key when it has won. */
class EtcdctlElect {
  readonly #child: ChildProcess;
  output = "";
  readonly #printed = Promise.withResolvers<void>();

  constructor(etcd: TestEtcd, name: string, proposal: string) {
    this.#child = spawn("etcdctl", ["--endpoints", etcd.url, "elect", `/${name}/election`, proposal], {
      stdio: ["ignore", "pipe", "ignore"],
      env: CTL_ENV,
    });
    this.#child.stdout?.on("data", chunk => {
      this.output += chunk;
      if (this.output.includes(proposal)) this.#printed.resolve();
    });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  won(): Promise<void> {
    return this.#printed.promise;
  }

  /** It revokes its lease on the way out. */
  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    await ended;
  }
}

describe("with etcdctl elect in the same election", () => {
  it("stays a follower while etcdctl holds it, names the holder, and leads after it", async ({ setup }) => {
    const { holdByHand, onEtcd, redis, keys } = await setup();
    const hand = holdByHand();
    await hand.won();
    const replica = await onEtcd("a");
    expect(await replica.recorder.when("leader.observed")).toEqual({ leader: "by-hand", term: 0 });
    expect(await redis.exists(keys.term)).toBe(0);
    await hand.end();
    expect(await replica.recorder.when("leader.elected")).toMatchObject({ term: 1 });
  });

  it("keeps etcdctl waiting while it leads, and lets it in when it stops", async ({ setup }) => {
    const { holdByHand, onEtcd, untilInEtcd } = await setup();
    const replica = await onEtcd("a");
    await replica.recorder.when("leader.elected");
    const hand = holdByHand();
    await untilInEtcd(2);
    expect(hand.output).toBe("");
    await replica.elector.stop();
    await hand.won();
  });

  it("says that nobody leads while a stranger holds it for long", async ({ setup }) => {
    const { holdByHand, onEtcd } = await setup();
    const hand = holdByHand();
    await hand.won();
    const replica = await onEtcd("a");
    await replica.recorder.when("leader.absent");
  });
});

describe("the queue in etcd", () => {
  it("holds one key for each replica, and none after they have stopped", async ({ setup }) => {
    const { name, onEtcd, untilInEtcd } = await setup();
    const replicas = [await onEtcd("a"), await onEtcd("b"), await onEtcd("c")];
    const leader = await firstElected(replicas);
    const followers = replicas.filter(one => one !== leader);
    await Promise.all(followers.map(one => one.recorder.when("leader.observed")));
    const keys = await untilInEtcd(3);
    for (const key of keys) expect(key).toMatch(new RegExp(`^/${name}/election/[0-9a-f]+$`));
    await Promise.all(replicas.map(one => one.elector.stop()));
    await untilInEtcd(0);
  });

  it("does not wait for a replica that died while it was next", async ({ setup, server, etcd }) => {
    const { name, onEtcd, untilInEtcd } = await setup();
    const leader = await onEtcd("a");
    await leader.recorder.when("leader.elected");
    const dead = await openEtcdStore({
      redisUrl: server.url,
      etcd: etcd.url,
      namespace: name,
      replica: "dead",
    });
    await dead.store.campaign({ replica: "dead", token: "dead", ttlMs: 600_000, generation: 0 });
    dead.close();
    const follower = await onEtcd("b");
    await follower.recorder.when("leader.observed");
    await untilInEtcd(3);
    await leader.elector.stop();
    expect(await follower.recorder.when("leader.elected")).toMatchObject({ term: 2, reason: "resigned" });
    await untilInEtcd(1);
  });

  it("costs the leader its term when its key is deleted by hand, and elects the next", async ({
    setup,
    etcd,
  }) => {
    const { onEtcd, name } = await setup();
    const replicas = [await onEtcd("a"), await onEtcd("b")];
    const leader = await firstElected(replicas);
    const follower = replicas.find(one => one !== leader) as Replica;
    await follower.recorder.when("leader.observed");
    const [oldest] = lines(
      await etcd.ctl("get", "--prefix", "--keys-only", "--sort-by=create", `/${name}/election/`),
    );
    await etcd.ctl("del", oldest ?? "");
    expect(await follower.recorder.when("leader.elected")).toMatchObject({ term: 2, previous: leader.id });
    await leader.recorder.when("leader.lost");
    await leader.recorder.when("leader.observed", event => event.leader === follower.id);
  });

  it("opens the term again, with a higher number, when Redis has lost the fence", async ({ setup }) => {
    const { onEtcd, redis, keys } = await setup();
    const replica = await onEtcd("a");
    await replica.recorder.when("leader.elected");
    await redis.set(keys.term, "7:another");
    await replica.recorder.when("leader.lost");
    await replica.recorder.when("leader.elected", event => event.term === 8);
    expect(await redis.get(keys.term)).toBe(replica.terms.at(-1)?.fence);
  });
});

describe("when etcd is away", () => {
  it("gives up the term when etcd is killed, and elects again after its restart", async ({ setup, etcd }) => {
    const { onEtcd } = await setup();
    const replicas = [await onEtcd("a"), await onEtcd("b")];
    const leader = await firstElected(replicas);
    const known = new Set(leader.recorder.of("etcd.unreachable"));
    await etcd.kill();
    await leader.recorder.when("leader.lost");
    const reason = await leader.recorder.when("etcd.unreachable", event => !known.has(event));
    await etcd.restart();
    await firstElected(replicas, 2);
    expect(reason.error).toMatch(
      /^(connect ECONN|read ECONNRESET$|Connection dropped$|no answer within 333 ms$)/,
    );
    expect(leader.recorder.of("etcd.unreachable")).toHaveLength(known.size + 1);
    await leader.recorder.when("etcd.connected");
  });

  it("gives up the term when etcd hangs, and elects again when it goes on", async ({
    defer,
    setup,
    etcd,
  }) => {
    const { onEtcd } = await setup();
    const replicas = [await onEtcd("a"), await onEtcd("b")];
    const leader = await firstElected(replicas);
    const follower = replicas.find(one => one !== leader) as Replica;
    await follower.recorder.when("leader.observed");
    defer(() => etcd.kill("SIGCONT"));
    await etcd.kill("SIGSTOP");
    await leader.recorder.when("leader.lost");
    expect(leader.terms[0]?.signal.aborted).toBe(true);
    expect((await leader.recorder.when("etcd.unreachable")).error).toBe("no answer within 333 ms");
    await follower.recorder.when("leader.absent");
    await etcd.kill("SIGCONT");
    await firstElected(replicas, 2);
  });

  it.for([
    ["under another cluster id", "another-cluster"],
    ["under the same cluster id", undefined],
  ])(
    "elects with a growing term after etcd was rebuilt from nothing %s",
    async ([_title, cluster], { etcd, setup }) => {
      // Revisions must be behind what Redis has seen.
      for (let i = 0; i < 30; i++) await etcd.ctl("put", "/elsewhere", String(i));
      const { onEtcd, redis, keys } = await setup();
      const replicas = [await onEtcd("a"), await onEtcd("b")];
      const leader = await firstElected(replicas);
      const before = await redis.get(keys.claim);
      await etcd.wipe(cluster);
      await leader.recorder.when("leader.lost");
      await firstElected(replicas, 2);
      const after = await redis.get(keys.claim);
      expect(Number(after?.split(":")[1])).toBeLessThan(Number(before?.split(":")[1]));
      expect(after?.split(":")[0] === before?.split(":")[0]).toBe(cluster === undefined);
    },
  );
});

describe("the term in Redis", () => {
  it("goes on growing when the store is switched to etcd and back", async ({ setup }) => {
    const { onEtcd, onRedis, redis, keys } = await setup();
    const terms: number[] = [];
    for (const open of [onRedis, onEtcd, onRedis, onEtcd]) {
      const replica = await open("a");
      terms.push((await replica.recorder.when("leader.elected")).term);
      await replica.elector.stop();
    }
    expect(terms).toEqual([1, 2, 3, 4]);
    expect(await redis.get(keys.term)).toMatch(/^4:/);
  });

  it("refuses a replica that was paused between its look at etcd and its opening", async ({
    setup,
    server,
    etcd,
    defer,
  }) => {
    const { name, keys, redis } = await setup();
    const opened = await openEtcdStore({
      redisUrl: server.url,
      etcd: etcd.url,
      namespace: name,
      replica: "late",
    });
    defer(() => opened.close());
    const bid = { replica: "late", token: "late", ttlMs: 60_000, generation: 0 };
    await opened.store.campaign(bid);
    const [cluster, revision] = ((await redis.get(keys.claim)) ?? "").split(":");
    const newer = `${cluster}:${Number(revision) + 1}`;
    await redis.set(keys.claim, newer);
    // Its key is older than one that has had a term: it leaves, and joins again behind that one.
    await opened.store.campaign({ ...bid, token: "late-2" });
    expect(Number((await redis.get(keys.claim))?.split(":")[1])).toBeGreaterThan(Number(revision) + 1);
  });
});
