import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { TestContext } from "vitest";
import { startEtcd, type TestEtcd } from "./etcd-server.ts";
import { FaultyLink } from "./faulty-link.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import type { LogLine, ReplicaProcess } from "./replica-process.ts";
import { TestDeployment } from "./test-deployment.ts";

/** Some twenty ticks a second, spread over it. */
export const BEATS = [100, 170, 230].map(ms => `beat-${ms}: { every: ${ms}ms, handler: echo, catchUp: all }`);
const LEASE_TTL = "4s";
/** Blocks the event loop of the replica `first`, from `open("block")` until `open("unblock")`. */
const BLOCKING_ECHO = `
  const isOpen = (name: string) => existsSync(process.env.DEPLOYMENT_DIR + "/opened-" + name);
  const untilMs = Date.now() + 60_000;
  while (process.env.SITE_BLOCKS && isOpen("block") && !isOpen("unblock") && Date.now() < untilMs)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  return data;`;

export type ElectionStore = "redis" | "etcd";

export interface HandoffDeployment {
  readonly deployment: TestDeployment;
  readonly redis: TestRedis;
  readonly etcd: TestEtcd | null;
  /** What is between the replica `first` and each server. */
  readonly links: { readonly redis: FaultyLink; readonly etcd: FaultyLink | null };
  /** Starts a replica and waits until it knows a leader. */
  readonly join: (id: string, about?: Joining) => Promise<ReplicaProcess>;
  /** The longest time without a launch between two terms, as BullMQ's stream shows it. */
  readonly gapBefore: (term: number) => Promise<number>;
}

export interface Joining {
  readonly roles?: string;
  readonly generation?: number;
  readonly store?: ElectionStore;
}

export interface HandoffSiteOptions {
  readonly store: ElectionStore;
  /** For a replica without roles of its own. */
  readonly roles?: string;
  /** Whether a replica may elect in the other store, too. */
  readonly hasBothStores?: boolean;
}

/** Servers of a test's own, and a project with some twenty ticks a second. */
export async function createHandoffDeployment(
  context: TestContext,
  { store, roles = "scheduler", hasBothStores = store === "etcd" }: HandoffSiteOptions,
): Promise<HandoffDeployment> {
  const [redis, etcd] = await Promise.all([
    startRedis({ args: ["--save", "", "--appendonly", "yes"] }),
    hasBothStores ? startEtcd() : null,
  ]);
  // Hooks run in reverse: after the replicas have ended.
  context.onTestFinished(() => Promise.all([redis.stop(), etcd?.stop()]).then(() => undefined));
  const links = {
    redis: await FaultyLink.to(redis.port),
    etcd: etcd === null ? null : await FaultyLink.to(etcd.port),
  };
  const ofFirst = {
    SITE_BLOCKS: "yes",
    BELLWETHER_REDIS_URL: `redis://127.0.0.1:${links.redis.port}`,
    ...(links.etcd === null ? {} : { DEPLOYMENT_ETCD: `http://127.0.0.1:${links.etcd.port}` }),
  };
  const hosts = etcd === null ? "" : `, etcd: { hosts: ["\${DEPLOYMENT_ETCD:-${etcd.url}}"] }`;
  const deployment = await TestDeployment.create({
    redisUrl: redis.url,
    jobs: BEATS,
    handlers: { echo: BLOCKING_ECHO },
    settings: [
      `election: { store: "\${SITE_STORE:-${store}}", leaseTtl: ${LEASE_TTL}${hosts} }`,
      "generation: ${DEPLOYMENT_GENERATION:-0}",
    ],
  });
  context.onTestFailed(() => console.log(deployment.transcript()));
  context.onTestFinished(async () => {
    await deployment.dispose();
    await Promise.all([links.redis.stop(), links.etcd?.stop()]);
  });
  const observer = deployment.redis();
  return {
    deployment,
    redis,
    etcd,
    links,
    join: async (id, about = {}) => {
      const env = {
        DEPLOYMENT_GENERATION: String(about.generation ?? 0),
        SITE_STORE: about.store ?? store,
        ...(id === "first" ? ofFirst : {}),
      };
      const replica = deployment.startWith(env, "--id", id, "--roles", about.roles ?? roles);
      await Promise.any([replica.when("leader.elected"), replica.when("leader.observed")]);
      return replica;
    },
    gapBefore: term => gapBefore(observer, `${deployment.prefix}:default:events`, deployment.queue(), term),
  };
}

/** What the lines about a term say, on every replica. */
export function told(line: LogLine): unknown {
  const { term, reason, previous, cause, by, error, vacantMs, at } = line;
  const leader = line["leader"] ?? line.replica;
  return { leader, term, reason, previous, cause, by, error, vacantMs, at };
}

/** The time without a launch before the first one of the term, by BullMQ's stream of events. */
export async function gapBefore(redis: Redis, stream: string, queue: Queue, term: number): Promise<number> {
  const entries = await redis.xrange(stream, "-", "+");
  const addedMs = new Map<string, number>();
  for (const [id, fields] of entries) {
    const named = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
    if (named("event") === "added") addedMs.set(named("jobId"), Number(id.split("-")[0]));
  }
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
