import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { startEtcd, type TestEtcd } from "./etcd-server.ts";
import { FaultyLink } from "./faulty-link.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import type { LogLine, ReplicaProcess } from "./replica-process.ts";
import { TestDeployment } from "./test-deployment.ts";

/** Some twenty ticks a second, spread over it. */
export const BEATS = [100, 170, 230].map(ms => `beat-${ms}: { every: ${ms}ms, handler: echo, catchUp: all }`);
const LEASE_TTL = "4s";
/** Blocks the event loop of a replica, from `open("block-<id>")` until `open("unblock")`. */
const BLOCKING_ECHO = `
  const isOpen = (name: string) => existsSync(process.env.DEPLOYMENT_DIR + "/opened-" + name);
  const untilMs = Date.now() + 60_000;
  while (isOpen("block-" + run.replica) && !isOpen("unblock") && Date.now() < untilMs)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  return data;`;
/** A replica reports no other one as gone in the first second of its connection. */
const SETTLED_MS = 2_000;
const SCHEDULERS = 3;

export type ElectionStore = "redis" | "etcd";

export interface Joining {
  readonly roles?: string;
  readonly generation?: number;
  readonly store?: ElectionStore;
}

export interface HandoffOptions {
  readonly store: ElectionStore;
  /** For a replica without roles of its own. */
  readonly roles: string;
  /** Whether a replica may elect in the other store, too. */
  readonly hasBothStores?: boolean;
}

/** What is between a replica and each server. */
interface Links {
  readonly redis: FaultyLink;
  readonly etcd: FaultyLink | null;
}

/** Servers of its own, and replicas with some twenty ticks a second, each behind links of its own. */
export class HandoffDeployment {
  readonly deployment: TestDeployment;
  readonly redis: TestRedis;
  readonly etcd: TestEtcd | null;
  readonly #options: HandoffOptions;
  readonly #links = new Map<ReplicaProcess, Links>();
  readonly #observer: Redis;
  readonly #queue: Queue;

  private constructor(
    options: HandoffOptions,
    deployment: TestDeployment,
    redis: TestRedis,
    etcd: TestEtcd | null,
  ) {
    this.#options = options;
    this.deployment = deployment;
    this.redis = redis;
    this.etcd = etcd;
    this.#observer = deployment.redis();
    this.#queue = deployment.queue();
  }

  static async create(options: HandoffOptions): Promise<HandoffDeployment> {
    const { store, hasBothStores = store === "etcd" } = options;
    const starting = [
      startRedis({ args: ["--save", "", "--appendonly", "yes"] }),
      hasBothStores ? startEtcd() : null,
    ] as const;
    try {
      const [redis, etcd] = await Promise.all(starting);
      const hosts = etcd === null ? "" : `, etcd: { hosts: ["\${DEPLOYMENT_ETCD:-${etcd.url}}"] }`;
      const deployment = await TestDeployment.create({
        redisUrl: redis.url,
        jobs: BEATS,
        handlers: { echo: BLOCKING_ECHO },
        settings: [
          `election: { store: "\${DEPLOYMENT_STORE:-${store}}", leaseTtl: ${LEASE_TTL}${hosts} }`,
          "generation: ${DEPLOYMENT_GENERATION:-0}",
        ],
      });
      return new HandoffDeployment(options, deployment, redis, etcd);
    } catch (error) {
      const started = await Promise.allSettled(starting);
      await Promise.all(started.map(one => (one.status === "fulfilled" ? one.value?.stop() : null)));
      throw error;
    }
  }

  get alive(): ReplicaProcess[] {
    return this.deployment.replicas.filter(({ hasEnded }) => !hasEnded);
  }

  linksOf(replica: ReplicaProcess): Links {
    const links = this.#links.get(replica);
    if (!links) throw new Error("BUG: a replica of another deployment");
    return links;
  }

  /** Starts a replica and waits until it knows a leader. */
  async join({ roles = this.#options.roles, generation = 0, store }: Joining = {}): Promise<ReplicaProcess> {
    const links = {
      redis: await FaultyLink.to(this.redis.port),
      etcd: this.etcd === null ? null : await FaultyLink.to(this.etcd.port),
    };
    const env = {
      BELLWETHER_REDIS_URL: links.redis.url,
      ...(links.etcd === null ? {} : { DEPLOYMENT_ETCD: `http://127.0.0.1:${links.etcd.port}` }),
      DEPLOYMENT_GENERATION: String(generation),
      DEPLOYMENT_STORE: store ?? this.#options.store,
    };
    const id = `replica-${this.#links.size + 1}`;
    const replica = this.deployment.startWith(env, "--id", id, "--roles", roles);
    this.#links.set(replica, links);
    await knows(replica, 1);
    return replica;
  }

  /** Replaces what has ended, and waits until all replicas know the leader, which launches, and would notice its end. */
  async settled(): Promise<{ readonly leader: ReplicaProcess; readonly term: number }> {
    const isWorker = ({ child }: ReplicaProcess) => child.spawnargs.at(-1) === "worker";
    const schedulers = this.alive.filter(one => !isWorker(one)).length;
    const needsWorker = this.#options.roles === "scheduler" && !this.alive.some(isWorker);
    await Promise.all([
      ...Array.from({ length: SCHEDULERS - schedulers }, () => this.join()),
      needsWorker ? this.join({ roles: "worker" }) : null,
    ]);
    for (;;) {
      const { replica, term } = this.#newestElection();
      await Promise.all(this.alive.map(one => knows(one, term)));
      const sinceMs = Date.now() + SETTLED_MS;
      await this.deployment.when("tick.launched", line => Date.parse(String(line["tick"])) > sinceMs);
      const leader = this.alive.find(({ lines }) => lines[0]?.replica === replica);
      if (leader && this.#newestElection().term === term) return { leader, term };
    }
  }

  /** See `gapBefore` below. */
  gapBefore(elected: LogLine): Promise<Gap> {
    return gapBefore(this.#observer, `${this.deployment.prefix}:default:events`, this.#queue, elected);
  }

  async dispose(): Promise<void> {
    await this.deployment.dispose();
    await Promise.all([...this.#links.values()].flatMap(({ redis, etcd }) => [redis.stop(), etcd?.stop()]));
    await Promise.all([this.redis.stop(), this.etcd?.stop()]);
  }

  #newestElection(): { readonly replica: string; readonly term: number } {
    const elections = this.deployment.lines("leader.elected");
    const [newest] = elections.toSorted((a, b) => Number(b["term"]) - Number(a["term"]));
    if (!newest) throw new Error("BUG: replicas that know a leader, and no election");
    return { replica: newest.replica, term: Number(newest["term"]) };
  }
}

/** Resolves when the replica leads in this term or a later one, or knows who does. */
async function knows(replica: ReplicaProcess, term: number): Promise<void> {
  const isSo = (line: LogLine) => Number(line["term"]) >= term;
  await Promise.any([replica.when("leader.elected", isSo), replica.when("leader.observed", isSo)]);
}

/** What the lines about a term say, on every replica. */
export function told(line: LogLine): unknown {
  const { term, reason, previous, cause, by, error, vacantMs, at } = line;
  const leader = line["leader"] ?? line.replica;
  return { leader, term, reason, previous, cause, by, error, vacantMs, at };
}

export interface Gap {
  readonly launchMs: number;
  readonly openMs: number;
  readonly stepMs: number;
}

/**
 * How long nothing was launched before a term, by BullMQ's stream of events, which keeps some minutes. Both figures begin
 * with the last launch of an older term. `launchMs` ends with the first launch of this one. `openMs` ends when the term was
 * opened, or with its first launch if that was earlier. `stepMs` is how exact they are: the longest time between two launches
 * of one term, a second before and after the handoff. It is 100 ms, or more on a busy machine.
 */
export async function gapBefore(redis: Redis, stream: string, queue: Queue, elected: LogLine): Promise<Gap> {
  const term = Number(elected["term"]);
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
  const timesOf = (of: number) =>
    terms.flatMap(one => (one.term === of ? one.atMs : [])).toSorted((a, b) => a - b);
  const older = terms.filter(one => one.term < term).toSorted((a, b) => a.atMs - b.atMs);
  const [before, after] = [timesOf(older.at(-1)?.term ?? 0), timesOf(term)];
  const [lastMs = Number.NaN] = before.slice(-1);
  const [firstMs = Number.NaN] = after;
  const openedMs = Math.min(firstMs, Date.parse(String(elected["at"])));
  const steps = [before.slice(-NEARBY), after.slice(0, NEARBY)].flatMap(stepsOf);
  return { launchMs: firstMs - lastMs, openMs: openedMs - lastMs, stepMs: Math.max(0, ...steps) };
}

/** A second of launches. */
const NEARBY = 20;

function stepsOf(times: readonly number[]): number[] {
  return times.slice(1).map((atMs, i) => atMs - (times[i] ?? atMs));
}
