import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { redisKeys } from "../../src/redis/keys.ts";
import type { Window } from "./judge/windows.ts";
import type { LaunchRecord } from "./launch-record.ts";
import { type QueueEvent, type Recorded, type Removed, readRun } from "./verdict.ts";

export interface SweeperOptions {
  readonly namespace: string;
  readonly queue: string;
  /** The jobs whose runs are in the queue. */
  readonly jobs: readonly string[];
  readonly record: LaunchRecord;
}

export interface SweepKind {
  /** Workers take nothing for this long before, so that some runs wait. */
  readonly pausedForMs: number;
  /** The queue's event stream is deleted as well. */
  readonly deletesEvents: boolean;
}

export type Sweep = (queue: Queue, unfinished: readonly string[]) => Promise<unknown>;

const ENDS: ReadonlySet<string> = new Set(["completed", "failed"]);

/** Cleans one of BullMQ's queues from outside, and knows exactly which runs were removed by it. */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #removed: Removed[] = [];
  /** When the event stream itself was deleted, with what had not been read of it. */
  readonly #unread: Window[] = [];
  readonly #sweeps = new Set<Promise<void>>();
  /** From when on runs were removed and could not be noted, because the server went away meanwhile. */
  #unnotedFromMs: number | null = null;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  sweep(redis: Redis, kind: SweepKind, act: Sweep): Promise<void> {
    const sweep = this.#sweep(redis, kind, act);
    this.#sweeps.add(sweep);
    return sweep.finally(() => this.#sweeps.delete(sweep));
  }

  /** When no sweep is at work. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#sweeps);
  }

  async #sweep(redis: Redis, kind: SweepKind, act: Sweep): Promise<void> {
    const { pausedForMs } = kind;
    const queue = this.open(redis);
    try {
      if (pausedForMs > 0) {
        await queue.pause();
        await sleep(pausedForMs);
      }
      // Reading takes a while: what is added behind its back is not read.
      const fromMs = Date.now();
      await this.#options.record.read();
      const goneFromMs = Date.now();
      this.#noteDeletion(kind);
      try {
        await act(queue, this.#unfinished());
      } finally {
        this.#noteDeletion(kind);
        this.#unread.push({ fromMs: fromMs - UNREAD_MS, untilMs: Date.now() });
        this.#unnotedFromMs ??= goneFromMs;
        await this.#noteRemoved(redis);
      }
    } finally {
      if (pausedForMs > 0) await queue.resume();
      await queue.close();
    }
  }

  #noteDeletion({ deletesEvents }: SweepKind): void {
    if (deletesEvents) this.#options.record.noteDeletion(this.#options.queue);
  }

  /** On the server that takes the writes by then: it may have failed over meanwhile. */
  async resume(redis: Redis): Promise<void> {
    await this.#noteRemoved(redis);
    const queue = this.open(redis);
    await queue.resume().finally(() => queue.close());
  }

  open(redis: Redis): Queue {
    const { namespace, queue: name } = this.#options;
    const { bullmqPrefix: prefix } = redisKeys(namespace);
    const queue = new Queue(name, { connection: redis, prefix, skipVersionCheck: true });
    queue.on("error", () => undefined);
    return queue;
  }

  /** Also what was launched and removed before it could be read: by its record, and in those moments only. */
  removed(events: readonly QueueEvent[], history: readonly Recorded[]): Removed[] {
    const seen = new Set(events.flatMap(({ event, run }) => (event === "added" ? [run] : [])));
    const unseen = history.flatMap(({ run, outcome, atMs }): Removed[] => {
      if (outcome !== "launched" || !this.#isOurs(run) || seen.has(run)) return [];
      const window = this.#unread.find(({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs);
      return window ? [{ run, fromMs: atMs, untilMs: window.untilMs }] : [];
    });
    return [...this.#removed, ...unseen];
  }

  /** What was launched, has not ended, and is not there any more. */
  async #noteRemoved(redis: Redis): Promise<void> {
    const { record, namespace, queue } = this.#options;
    const fromMs = this.#unnotedFromMs;
    if (fromMs === null) return;
    await record.read();
    const { bullmqPrefix } = redisKeys(namespace);
    for (const run of this.#unfinished()) {
      const isThere = await redis.exists(`${bullmqPrefix}:${queue}:${run}`);
      if (!isThere) this.#removed.push({ run, fromMs, untilMs: Date.now() });
    }
    this.#unnotedFromMs = null;
  }

  #unfinished(): string[] {
    const open = new Set<string>();
    for (const { event, run } of this.#options.record.events) {
      if (event === "added" && this.#isOurs(run)) open.add(run);
      if (ENDS.has(event)) open.delete(run);
    }
    return [...open].filter(run => !this.#removed.some(removed => removed.run === run));
  }

  #isOurs(run: string): boolean {
    return this.#options.jobs.includes(readRun(run).job);
  }
}

const UNREAD_MS = 100;
