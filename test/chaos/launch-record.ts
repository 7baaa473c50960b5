import { Redis } from "ioredis";
import { RedisKeys } from "../../src/redis/keys.ts";
import { type StreamEntry, SurvivingStream } from "./surviving-stream.ts";
import { type JudgedJob, type QueueEvent, type Recorded, runsOf } from "./verdict.ts";

export interface LaunchRecordOptions {
  readonly primaryPort: () => Promise<number>;
  readonly namespace: string;
  readonly queue: string;
  readonly jobs: readonly JudgedJob[];
}

const CONNECT_TIMEOUT_MS = 1_000;
const COMMAND_TIMEOUT_MS = 3_000;

/** What BullMQ says was launched, run and finished, and which ticks Bellwether has on record as skipped. */
export class LaunchRecord {
  readonly #options: LaunchRecordOptions;
  readonly #prefix: string;
  readonly #queueEvents: SurvivingStream;
  readonly #histories: readonly SurvivingStream[];
  /** By entry, because a run that a failover took back is launched again in another term. */
  readonly #terms = new Map<string, number>();
  #redis: Redis | null = null;
  #server: string | null = null;

  constructor(options: LaunchRecordOptions) {
    const keys = new RedisKeys(options.namespace);
    this.#options = options;
    this.#prefix = `${keys.bullmqPrefix}:${options.queue}:`;
    this.#queueEvents = new SurvivingStream(`${this.#prefix}events`);
    this.#histories = options.jobs.map(({ name }) => new SurvivingStream(keys.history(name)));
  }

  /** What survived, in the order of the stream. */
  get events(): QueueEvent[] {
    return this.#queueEvents.entries.map(entry => this.#eventOf(entry));
  }

  /** What was read once, and was lost in a failover. */
  get vanished(): QueueEvent[] {
    return this.#queueEvents.vanished.map(entry => this.#eventOf(entry));
  }

  /** What the jobs' histories say of each tick; an entry that stands for several counts for each of them. */
  get history(): Recorded[] {
    return this.#options.jobs.flatMap((job, i) =>
      (this.#histories[i]?.entries ?? []).flatMap(({ fields }) => recordedOf(job, fields)),
    );
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
  async read(): Promise<void> {
    const redis = await this.connect();
    const server = await identify(redis);
    const isNew = server !== this.#server;
    this.#server = null;
    for (const stream of [this.#queueEvents, ...this.#histories]) {
      await (isNew ? stream.readAgain(redis) : stream.readOn(redis));
    }
    this.#server = server;
    await this.#readTerms(redis);
  }

  close(): void {
    this.#redis?.disconnect();
  }

  async #readTerms(redis: Redis): Promise<void> {
    const added = this.#queueEvents.entries.filter(
      ({ id, fields }) => fields["event"] === "added" && !this.#terms.has(id),
    );
    if (added.length === 0) return;
    const pipeline = redis.pipeline();
    for (const { fields } of added) pipeline.hget(`${this.#prefix}${fields["jobId"]}`, "data");
    const replies = (await pipeline.exec()) ?? [];
    added.forEach(({ id }, i) => {
      const data = replies[i]?.[1];
      if (typeof data !== "string") return;
      this.#terms.set(id, (JSON.parse(data) as { _tick: { term: number } })._tick.term);
    });
  }

  #eventOf({ id, fields }: StreamEntry): QueueEvent {
    const event = fields["event"] ?? "";
    const run = (event === "deduplicated" ? fields["deduplicatedJobId"] : fields["jobId"]) ?? "";
    return { id, event, run, term: this.#terms.get(id) ?? null };
  }
}

/** Another process, or the same one promoted again, is another server: what it holds must be looked at anew. */
async function identify(redis: Redis): Promise<string> {
  const info = `${await redis.info("server")}${await redis.info("replication")}`;
  const part = (name: string) => new RegExp(`${name}:(\\w+)`).exec(info)?.[1];
  return `${redis.options.port} ${part("run_id")} ${part("master_replid")}`;
}

/** Entries without a tick say how a run ended, or that it gave up its place behind another one. */
function recordedOf(job: JudgedJob, { tick, from = tick, outcome }: Record<string, string>): Recorded[] {
  if (tick === undefined || from === undefined || outcome === undefined) return [];
  return runsOf(job, Number(from), Number(tick)).map(run => ({
    run,
    outcome: outcome as Recorded["outcome"],
  }));
}
