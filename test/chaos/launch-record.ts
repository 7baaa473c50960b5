import { Redis } from "ioredis";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { recordedOf } from "./recorded.ts";
import { type StreamEntry, SurvivingStream, writtenAt } from "./surviving-stream.ts";
import type { JudgedJob, QueueEvent, Recorded, RecordedCommand, TermStart } from "./verdict.ts";

export interface LaunchRecordOptions {
  readonly primaryPort: () => Promise<number>;
  readonly namespace: string;
  readonly queues: readonly string[];
  /** Names of the jobs. */
  readonly jobs: readonly string[];
}

/** A term as the store has it. */
export interface RecordedTerm extends TermStart {
  readonly replica: string;
}

const CONNECT_TIMEOUT_MS = 1_000;
const COMMAND_TIMEOUT_MS = 3_000;

/** What BullMQ says was launched, run and finished, and what Bellwether has on record of ticks, commands and terms. */
export class LaunchRecord {
  readonly #options: LaunchRecordOptions;
  readonly #keys: RedisKeys;
  readonly #queues: ReadonlyMap<string, SurvivingStream>;
  readonly #histories: ReadonlyMap<string, SurvivingStream>;
  readonly #audit: SurvivingStream;
  readonly #recordedTerms = new Map<string, RecordedTerm>();
  /** By entry, because a run that a failover took back is launched again in another term. */
  readonly #terms = new Map<string, number | null>();
  #reading: Promise<void> = Promise.resolve();
  #redis: Redis | null = null;
  #server: string | null = null;

  constructor(options: LaunchRecordOptions) {
    const keys = redisKeys(options.namespace);
    this.#options = options;
    this.#keys = keys;
    this.#queues = new Map(
      options.queues.map(queue => [queue, new SurvivingStream(this.#key(queue, "events"))]),
    );
    this.#histories = new Map(options.jobs.map(job => [job, new SurvivingStream(keys.history(job))]));
    this.#audit = new SurvivingStream(keys.audit);
  }

  /** What survived, in the order of the streams; of several queues in the order of time. */
  get events(): QueueEvent[] {
    return this.#eventsOf(stream => stream.entries);
  }

  /** What was read once, and was lost in a failover. */
  get vanished(): QueueEvent[] {
    return this.#eventsOf(stream => stream.vanished);
  }

  /** How often events or histories were trimmed before they were read. */
  get gaps(): number {
    const streams = [...this.#queues.values(), ...this.#histories.values()];
    return streams.reduce((sum, { gaps }) => sum + gaps, 0);
  }

  /** Every term that the store had, those that a failover took back included. */
  get terms(): RecordedTerm[] {
    return [...this.#recordedTerms.values()];
  }

  /** What operators ordered, as it survived. */
  get recordedCommands(): RecordedCommand[] {
    return this.#audit.entries.map(({ fields }) => recordedCommandOf(fields));
  }

  /** What the jobs' histories say of each tick; an entry that covers several counts for each of them. */
  historyOf(jobs: readonly JudgedJob[]): Recorded[] {
    return jobs.flatMap(job => recordedOf(job, this.#histories.get(job.name)?.entries ?? []));
  }

  /** A connection to the primary of this moment. Rejects when there is none. */
  async connect(): Promise<Redis> {
    const port = await this.#options.primaryPort();
    if (this.#redis?.options.port === port && this.#redis.status === "ready") return this.#redis;
    this.#redis?.disconnect();
    const redis = new Redis({
      port,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => null,
      connectionName: "judge",
    });
    redis.on("error", () => undefined);
    await redis.connect();
    this.#redis = redis;
    return redis;
  }

  /** Reads what is new. Rejects when no primary answers; the next call reads what this one did not. */
  read(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read());
    return this.#reading;
  }

  /** Another program is about to delete the event stream of a queue, or has deleted it. */
  noteDeletion(queue: string): void {
    this.#queues.get(queue)?.noteDeletion();
  }

  close(): void {
    this.#redis?.disconnect();
  }

  /** One after the other: where a stream has been read to is remembered between two of them. */
  async #read(): Promise<void> {
    const redis = await this.connect();
    const server = await identify(redis);
    const isNew = server !== this.#server;
    this.#server = null;
    for (const stream of [...this.#queues.values(), ...this.#histories.values(), this.#audit]) {
      await (isNew ? stream.readAgain(redis) : stream.readOn(redis));
    }
    this.#server = server;
    await this.#readTermsOfRuns(redis);
    for (const text of await redis.lrange(this.#keys.terms, 0, -1)) {
      const { term, replica, since } = JSON.parse(text) as { term: number; replica: string; since: number };
      this.#recordedTerms.set(`${term} ${replica}`, { term, replica, sinceMs: since });
    }
  }

  #key(queue: string, name: string): string {
    return `${this.#keys.bullmqPrefix}:${queue}:${name}`;
  }

  async #readTermsOfRuns(redis: Redis): Promise<void> {
    for (const [queue, stream] of this.#queues) {
      const added = stream.entries.filter(
        ({ id, fields }) => fields["event"] === "added" && !this.#terms.has(`${queue} ${id}`),
      );
      if (added.length === 0) continue;
      const pipeline = redis.pipeline();
      for (const { fields } of added) pipeline.hget(this.#key(queue, fields["jobId"] ?? ""), "data");
      const replies = (await pipeline.exec()) ?? [];
      added.forEach(({ id }, i) => {
        const [error, data] = replies[i] ?? [];
        if (error) return;
        const { term = null } = typeof data === "string" ? (JSON.parse(data) as RunData)._tick : {};
        this.#terms.set(`${queue} ${id}`, term);
      });
    }
  }

  #eventsOf(entriesOf: (stream: SurvivingStream) => readonly StreamEntry[]): QueueEvent[] {
    return inOrderOfTime(
      [...this.#queues].map(([queue, stream]) => entriesOf(stream).map(entry => this.#eventOf(queue, entry))),
    );
  }

  #eventOf(queue: string, { id, fields }: StreamEntry): QueueEvent {
    const event = fields["event"] ?? "";
    const run = (event === "deduplicated" ? fields["deduplicatedJobId"] : fields["jobId"]) ?? "";
    return { id, event, run, term: this.#terms.get(`${queue} ${id}`) ?? null };
  }
}

/**
 * The entries of all streams, each stream in its own order. Within one that was deleted while the clock of Redis was set, times fall: what
 * was written behind an entry counts as not before it.
 */
export function inOrderOfTime<Entry extends { readonly id: string }>(
  streams: readonly (readonly Entry[])[],
): Entry[] {
  const timed = streams.flatMap(entries => {
    let newestMs = Number.NEGATIVE_INFINITY;
    return entries.map(entry => {
      newestMs = Math.max(newestMs, writtenAt(entry));
      return { entry, atMs: newestMs };
    });
  });
  // The sort is stable.
  return timed.sort((a, b) => a.atMs - b.atMs).map(({ entry }) => entry);
}

interface RunData {
  readonly _tick: { readonly term?: number };
}

function recordedCommandOf({
  action,
  job = "",
  at,
  ticks,
  reason,
  reasonCode,
}: Record<string, string>): RecordedCommand {
  return {
    action: action as RecordedCommand["action"],
    job,
    atMs: Number(at),
    ...(ticks && { ticks: ticks.split(",").map(Number) }),
    ...((reasonCode === "order_lost" || reason === "Redis had lost the order") && { isPutBack: true }),
  };
}

/** Another process, or the same one promoted again, is another server: what it holds must be looked at anew. */
async function identify(redis: Redis): Promise<string> {
  const info = `${await redis.info("server")}${await redis.info("replication")}`;
  const part = (name: string) => new RegExp(`${name}:(\\w+)`).exec(info)?.[1];
  return `${redis.options.port} ${part("run_id")} ${part("master_replid")}`;
}
