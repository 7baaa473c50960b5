import { isDeepStrictEqual } from "node:util";
import type { Redis } from "ioredis";
import { settlesWithin } from "../clock/within.ts";
import type { Config, Job } from "../config/config.ts";
import { jobsByName } from "../config/job-index.ts";
import type { Events } from "../events.ts";
import type { Handler } from "../handlers/handler.ts";
import { silentConnectionsOf } from "../redis/connect.ts";
import { redisKeys } from "../redis/keys.ts";
import type { RunResult } from "../redis/run-result.ts";
import type { RunLogSource } from "./active-run.ts";
import type { RunLocks } from "./attempt.ts";
import { QueueConsumer, type Work } from "./queue-consumer.ts";
import { RunReporter } from "./run-reporter.ts";
import { DEFAULT_TIMING, type WorkerTiming } from "./worker-timing.ts";

export interface WorkersOptions {
  readonly config: Pick<Config, "namespace" | "queues" | "jobs">;
  /** By job name. A run of a job that is missing here is put back for other replicas. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** BullMQ keeps it as the run's `processedBy`. */
  readonly replica: string;
  /** Opens the connection that all queues share. It must retry commands for as long as it takes. */
  readonly connect: () => Redis;
  readonly events: Events;
  /** Handlers log through its children; without it they log nothing. */
  readonly log?: RunLogSource;
  /** Where handlers get their locks from. */
  readonly locks?: RunLocks;
  /** What handlers get as `run.context`. */
  readonly context?: unknown;
  /** Keeps the record of how runs end. When it fails, that is reported and nothing else happens. */
  readonly recordResult?: (result: RunResult) => Promise<void>;
  readonly timing?: Partial<WorkerTiming>;
  /** How far this machine's clock is ahead of the store's time; 0 by default. */
  readonly skewMs?: () => number;
}

/** The consuming half of a replica: one BullMQ Worker per queue. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #timing: WorkerTiming;
  readonly #reporter: RunReporter;
  #jobs: ReadonlyMap<string, Job>;
  #handlers: ReadonlyMap<string, Handler>;
  #redis: Redis | null = null;
  /** By queue. */
  readonly #consumers = new Map<string, QueueConsumer>();
  /** Of queues that this replica does not work off any more. */
  readonly #left = new Set<QueueConsumer>();
  #stopped: Promise<boolean> | null = null;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    const { events, replica, recordResult = async () => undefined } = options;
    this.#reporter = new RunReporter({ events, replica, recordResult });
    this.#jobs = jobsByName(options.config.jobs);
    this.#handlers = options.handlers;
  }

  /** Takes work from now on, as soon as Redis answers; does not wait for it. Safe to call twice. */
  async start(): Promise<void> {
    if (this.#redis || this.#stopped) return;
    this.#redis = this.#options.connect();
    this.#tellSilence(this.#redis);
    this.#setQueues(this.#options.config.queues);
  }

  /**
   * Goes on with other jobs; what runs already goes on as it began. A queue that is not named any more is still
   * worked off: it may hold runs. One that other programs work off from now on is left to them.
   */
  update({ jobs, queues }: Pick<Config, "jobs" | "queues">, handlers: ReadonlyMap<string, Handler>): void {
    this.#jobs = jobsByName(jobs);
    this.#handlers = handlers;
    if (this.#redis && !this.#stopped) this.#setQueues(queues);
  }

  /** The runs whose handlers are at work, and since when by the store's time (epoch ms). */
  running(): { readonly run: string; readonly job: string; readonly sinceMs: number }[] {
    const skewMs = this.#options.skewMs?.() ?? 0;
    return [...this.#consumers.values(), ...this.#left].flatMap(({ active }) =>
      [...active].map(({ id: run, job, sinceMs }) => ({ run, job, sinceMs: Math.round(sinceMs - skewMs) })),
    );
  }

  #workOf(name: string): Work | null {
    const [job, handler] = [this.#jobs.get(name), this.#handlers.get(name)];
    if (job === undefined || handler === undefined) return null;
    return { handler, timeoutMs: job.timeoutMs, mayOverlap: job.overlap === "allow" };
  }

  #setQueues(queues: Config["queues"]): void {
    for (const [queue, limits] of Object.entries(queues)) {
      const { concurrency, consume } = limits;
      let consumer = this.#consumers.get(queue);
      // BullMQ's worker has its rate limit from its start.
      if (consumer && (!consume || !isDeepStrictEqual(consumer.limiter, limits.limiter))) {
        this.#leave(queue, consumer);
        consumer = undefined;
      }
      if (!consume) continue;
      if (consumer) consumer.setConcurrency(concurrency);
      else consumer = this.#consume(queue, limits);
      consumer.limitAll(limits.globalConcurrency);
    }
  }

  /** What runs already has as long as the replica to end. */
  #leave(queue: string, consumer: QueueConsumer): void {
    this.#consumers.delete(queue);
    this.#left.add(consumer);
    void consumer.leave().finally(() => this.#left.delete(consumer));
  }

  /** Once, whichever of the workers' connections are silent, and again when all of them answer. */
  #tellSilence(redis: Redis): void {
    const { events } = this.#options;
    let sinceMs = 0;
    silentConnectionsOf(redis)?.listen({
      onSilent: (connection, forMs) => {
        sinceMs = performance.now() - forMs;
        events.emit("worker.silent", { connection, forMs });
      },
      onHeard: () => events.emit("worker.heard", { forMs: Math.round(performance.now() - sinceMs) }),
    });
  }

  #consume(queue: string, { concurrency, limiter }: Config["queues"][string]): QueueConsumer {
    const { config, replica, log = null, locks = null, context, skewMs = () => 0 } = this.#options;
    const consumer = new QueueConsumer({
      queue,
      concurrency,
      limiter,
      replica,
      log,
      locks,
      context,
      skewMs,
      keys: redisKeys(config.namespace),
      redis: this.#redis as Redis,
      reporter: this.#reporter,
      timing: this.#timing,
      workOf: job => this.#workOf(job),
    });
    this.#consumers.set(queue, consumer);
    consumer.start();
    return consumer;
  }

  /**
   * Takes no more work, immediately. Running handlers have `deadlineMs` to end; then their signals abort. Their runs go
   * to the head of their queues for other replicas, without using up an attempt, even when a handler ignores the
   * signal. Resolves with whether every handler came to its end. The time is bounded also without Redis: the locks then
   * expire and other replicas find the runs. Idempotent.
   */
  stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<boolean> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<boolean> {
    if (this.#redis) silentConnectionsOf(this.#redis)?.listen(null);
    const ended = await Promise.all(
      [...this.#consumers.values(), ...this.#left].map(consumer => consumer.stop(deadlineMs)),
    );
    await settlesWithin(this.#reporter.settled(), this.#timing.closeLimitMs);
    this.#redis?.disconnect();
    return ended.every(Boolean);
  }
}
