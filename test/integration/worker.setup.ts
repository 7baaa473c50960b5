import { Queue } from "bullmq";
import { Redis } from "ioredis";
import type { Config, Overlap } from "../../src/config/config.ts";
import type { EventMap, EventName } from "../../src/event-map.ts";
import { Events } from "../../src/events.ts";
import type { Handler, Run } from "../../src/handlers/handler.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import type { WorkerTiming } from "../../src/worker/worker-timing.ts";
import { Workers, type WorkersOptions } from "../../src/worker/workers.ts";
import { namespace, type TestRedis } from "../support/redis-server.ts";

export type HandlerBody = (data: Record<string, unknown>, run: Run) => unknown;

export interface Member {
  readonly workers: Workers;
  readonly events: EventRecord;
}

/** What one replica reported, in order; tests wait for it instead of for time. */
export class EventRecord {
  readonly events = new Events();
  readonly all: { readonly name: EventName; readonly fields: object }[] = [];
  #changed = Promise.withResolvers<void>();

  constructor() {
    this.events.subscribe((name, fields) => {
      this.all.push({ name, fields });
      this.#changed.resolve();
      this.#changed = Promise.withResolvers<void>();
    });
  }

  of<K extends EventName>(name: K): EventMap[K][] {
    return this.all.filter(event => event.name === name).map(event => event.fields as EventMap[K]);
  }

  /** The `count`th event of a name; waits for it when it has not come yet. */
  async wait<K extends EventName>(name: K, count = 1): Promise<EventMap[K]> {
    for (;;) {
      const found = this.of(name)[count - 1];
      if (found) return found;
      await this.#changed.promise;
    }
  }
}

/** A queue of the configuration. */
export function queueWith(settings: Partial<Config["queues"][string]> = {}): Config["queues"][string] {
  return { concurrency: 5, consume: true, shared: undefined, ...settings };
}

/** One namespace with one queue, and as many replicas on it as a test starts. */
export function cluster(redis: TestRedis) {
  const name = namespace();
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  connection.on("error", () => undefined);
  const queue = new Queue("default", { connection, prefix: `{${name}}` });
  queue.on("error", () => undefined);
  const members: Member[] = [];

  const member = (
    replica: string,
    bodies: Record<string, HandlerBody>,
    options: MemberOptions = {},
  ): Member => {
    const events = new EventRecord();
    const { overlap = "allow" } = options;
    const jobs = Object.keys(bodies).map(
      job => ({ name: job, timeoutMs: options.timeoutMs ?? null, overlap }) as Config["jobs"][number],
    );
    const workers = new Workers({
      config: {
        namespace: name,
        queues: { default: queueWith({ concurrency: options.concurrency ?? 5, ...options.queue }) },
        jobs,
      },
      handlers: new Map(Object.entries(bodies).map(([job, body]) => [job, handlerOf(body)])),
      replica,
      connect: () => connectRedis({ kind: "url", url: redis.url }, "worker", `test:${replica}`),
      events: events.events,
      timing: { returnDelayMs: 20, abortGraceMs: 50, closeLimitMs: 1_000, ...options.timing },
      ...options.more,
    });
    members.push({ workers, events });
    return { workers, events };
  };

  const start = async (...args: Parameters<typeof member>) => {
    const made = member(...args);
    await made.workers.start();
    return made;
  };

  return {
    keys: redisKeys(name),
    queue,
    connection,
    member,
    start,
    /** Adds a run as the launcher does. */
    launch: (job: string, options: { data?: object; attempts?: number; at?: string } = {}) => {
      const at = options.at ?? "2026-11-23T07:00:00.000Z";
      const run = `${job}@${at.replaceAll(/[-:]|\.000/g, "")}`;
      const data = { ...options.data, _tick: { at, kind: "scheduled", term: 7 } };
      const attempts = options.attempts ?? 1;
      return queue.add(job, data, { jobId: run, attempts, backoff: { type: "fixed", delay: 10 } });
    },
    close: async () => {
      await Promise.all(members.map(({ workers }) => workers.stop({ deadlineMs: 0 })));
      await queue.close();
      connection.disconnect();
    },
  };
}

export interface MemberOptions {
  readonly timeoutMs?: number;
  readonly overlap?: Overlap;
  readonly concurrency?: number;
  readonly queue?: Partial<Config["queues"][string]>;
  readonly timing?: Partial<WorkerTiming>;
  readonly more?: Partial<WorkersOptions>;
}

function handlerOf(body: HandlerBody): Handler {
  return { handle: async (data, run) => body(data, run) };
}

/** Something that a handler waits for until the test opens it. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
