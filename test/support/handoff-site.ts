import type { Redis } from "ioredis";
import type { TestContext } from "vitest";
import { startEtcd, type TestEtcd } from "./etcd-server.ts";
import { FaultyLink } from "./faulty-link.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import type { LogLine, ReplicaProcess } from "./replica-process.ts";
import { Site } from "./site.ts";

/** Some twenty ticks a second, spread over it. */
const BEATS_MS = [100, 170, 230];
const LEASE_TTL = "4s";

export interface HandoffSite {
  readonly site: Site;
  readonly redis: TestRedis;
  readonly etcd: TestEtcd | null;
  /** What stands between the replica `first` and each server. */
  readonly links: { readonly redis: FaultyLink; readonly etcd: FaultyLink | null };
  /** Starts a replica of these roles and generation, and waits until it knows a leader. */
  readonly join: (id: string, roles?: string, generation?: number) => Promise<ReplicaProcess>;
  /** The longest time without a launch between two terms, as BullMQ's stream shows it. */
  readonly gapBefore: (term: number) => Promise<number>;
}

/** Servers of a test's own, and a project with some twenty ticks a second. */
export async function createHandoffSite(context: TestContext, store: "redis" | "etcd"): Promise<HandoffSite> {
  const [redis, etcd] = await Promise.all([
    startRedis({ args: ["--save", "", "--appendonly", "yes"] }),
    store === "etcd" ? startEtcd() : null,
  ]);
  // Hooks run in reverse: after the replicas have ended.
  context.onTestFinished(() => Promise.all([redis.stop(), etcd?.stop()]).then(() => undefined));
  const links = {
    redis: await FaultyLink.to(redis.port),
    etcd: etcd === null ? null : await FaultyLink.to(etcd.port),
  };
  const linked = {
    BELLWETHER_REDIS_URL: `redis://127.0.0.1:${links.redis.port}`,
    ...(links.etcd === null ? {} : { SITE_ETCD: `http://127.0.0.1:${links.etcd.port}` }),
  };
  const hosts = etcd === null ? "" : `, etcd: { hosts: ["\${SITE_ETCD:-${etcd.url}}"] }`;
  const beats = BEATS_MS.map(ms => `beat-${ms}: { every: ${ms}ms, handler: echo, catchUp: all }`);
  const site = await Site.create({
    redisUrl: redis.url,
    jobs: beats,
    settings: [
      `election: { store: ${store}, leaseTtl: ${LEASE_TTL}${hosts} }`,
      "generation: ${SITE_GENERATION:-0}",
    ],
  });
  context.onTestFailed(() => console.log(site.transcript()));
  context.onTestFinished(async () => {
    await site.dispose();
    await Promise.all([links.redis.stop(), links.etcd?.stop()]);
  });
  const observer = site.redis();
  return {
    ...{ site, redis, etcd, links },
    join: async (id, roles = "scheduler", generation = 0) => {
      const env = { SITE_GENERATION: String(generation), ...(id === "first" ? linked : {}) };
      const replica = site.startWith(env, "--id", id, "--roles", roles);
      await Promise.any([replica.when("leader.elected"), replica.when("leader.observed")]);
      return replica;
    },
    gapBefore: term => gapBefore(observer, site, term),
  };
}

/** What the lines about a term say, on every replica. */
export function told(line: LogLine): unknown {
  const { term, reason, previous, cause, by, error, vacantMs, at } = line;
  const leader = line["leader"] ?? line.replica;
  return { leader, term, reason, previous, cause, by, error, vacantMs, at };
}

async function gapBefore(redis: Redis, site: Site, term: number): Promise<number> {
  const entries = await redis.xrange(`${site.prefix}:default:events`, "-", "+");
  const addedMs = new Map<string, number>();
  for (const [id, fields] of entries) {
    const named = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
    if (named("event") === "added") addedMs.set(named("jobId"), Number(id.split("-")[0]));
  }
  const queue = site.queue();
  const terms = await Promise.all(
    [...addedMs].map(async ([run, atMs]) => ({
      atMs,
      term: Number((await queue.getJob(run))?.data._tick.term),
    })),
  );
  const lastMs = Math.max(...terms.filter(one => one.term < term).map(one => one.atMs));
  const firstMs = Math.min(...terms.filter(one => one.term === term).map(one => one.atMs));
  return firstMs - lastMs;
}
