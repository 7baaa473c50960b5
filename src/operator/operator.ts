import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { addBackfill } from "../launch/backfill.ts";
import { readLaunched } from "../launch/cursors.ts";
import { AUDIT_ENTRIES } from "../launch/history.ts";
import { type Pause, pauseOf } from "../launch/orders.ts";
import { type TriggerOutcome, triggerJob } from "../launch/trigger.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { readTimeMs } from "../redis/time.ts";

const ORDER = new Script(new URL("./order.lua", import.meta.url));

const orderReply = z.tuple([z.enum(["done", "already", "not there", "decided", "nobody"]), z.string()]);

type Action = "pause" | "resume" | "skip-next" | "keep-next" | "stepdown";

/** `runs` are the runs' ids, oldest first; `nowMs` is Redis's time. */
export type BackfillOutcome =
  | { readonly outcome: "started"; readonly runs: readonly string[] }
  | { readonly outcome: "not due"; readonly nowMs: number };

/** Each rejects only when Redis gives no answer or refuses; whether the order stands is then unknown, and safe to ask again. */
export type PauseOutcome =
  | { readonly outcome: "paused"; readonly atMs: number }
  | { readonly outcome: "already"; readonly pause: Pause };
export type ResumeOutcome =
  | { readonly outcome: "resumed"; readonly pause: Pause }
  | { readonly outcome: "not paused" };
export type SkipOutcome =
  | { readonly outcome: "skipped"; readonly tickAt: number }
  /** The schedule has no further tick, or the job is over (`maxRuns`). */
  | { readonly outcome: "no tick" };
export type KeepOutcome =
  | { readonly outcome: "kept"; readonly ticks: readonly number[] }
  | { readonly outcome: "nothing to keep" };
export type StepDownOutcome =
  | { readonly outcome: "asked"; readonly term: number }
  | { readonly outcome: "nobody leads" };

export interface OperatorOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  /** Who acts, for the audit record. */
  readonly by: string;
}

/** Skipping looks for a tick that is not to be skipped already; more than so many in a row is no plan. */
const MAX_SKIPS = 1_000;

/**
 * What people do to a running cluster, whoever leads and wherever it is called from: an order is written to Redis and
 * is in force when the call has answered; the leader notices it within half a second. Who, when and what stands in the
 * job's history and in the audit record.
 */
export class Operator {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #by: string;

  constructor(options: OperatorOptions) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#by = options.by;
  }

  /** From now on no tick of the job is launched, across restarts and handoffs, until it is resumed. */
  async pause(job: Job): Promise<PauseOutcome> {
    const [outcome, value] = await this.#order("pause", job);
    if (outcome === "already") return { outcome, pause: pauseOf(value) };
    return { outcome: "paused", atMs: Number(value) };
  }

  /** Ticks that its catch-up policy has kept meanwhile are launched, the next ones when they are due. */
  async resume(job: Job): Promise<ResumeOutcome> {
    const [outcome, value] = await this.#order("resume", job);
    return outcome === "done" ? { outcome: "resumed", pause: pauseOf(value) } : { outcome: "not paused" };
  }

  /** Skips the next tick that is not decided yet; called again, the one after it too. */
  async skipNext(job: Job): Promise<SkipOutcome> {
    const launched = await readLaunched(this.#redis, this.#keys, [job]);
    if (job.maxRuns !== null && (launched.get(job.name) ?? 0) >= job.maxRuns) return { outcome: "no tick" };
    let after = await this.#decidedTo(job);
    for (let i = 0; i < MAX_SKIPS; i++) {
      const tick = job.schedule.next(after);
      if (tick === null) break;
      const [outcome, value] = await this.#order("skip-next", job, tick.at);
      if (outcome === "done") return { outcome: "skipped", tickAt: tick.at };
      after = Math.max(tick.at, Number(value));
    }
    return { outcome: "no tick" };
  }

  /** Takes back what `skipNext` asked for and what has not happened yet. */
  async keepNext(job: Job): Promise<KeepOutcome> {
    const [outcome, value] = await this.#order("keep-next", job);
    if (outcome !== "done") return { outcome: "nothing to keep" };
    return { outcome: "kept", ticks: value.split(",").map(Number) };
  }

  /** Asks the leader of the term that stands to let another replica lead. */
  async stepDown(): Promise<StepDownOutcome> {
    const [outcome, value] = await this.#order("stepdown", null);
    return outcome === "done" ? { outcome: "asked", term: Number(value) } : { outcome: "nobody leads" };
  }

  /** Starts a run now, beside the schedule. `data` replaces fields of the job's own. */
  async trigger(job: Job, data: Readonly<Record<string, unknown>>): Promise<TriggerOutcome> {
    return triggerJob(this.#redis, this.#keys, {
      ...{ job, data, by: this.#by },
      nowMs: await readTimeMs(this.#redis),
    });
  }

  /**
   * Starts a run for each of the ticks (epoch ms), oldest first, all or none. They run beside each other and beside
   * other runs, whatever the job's `overlap`. None is started when one of the ticks is still to come by Redis's time,
   * since the schedule would launch it again.
   */
  async backfill(job: Job, ticks: readonly number[]): Promise<BackfillOutcome> {
    const nowMs = await readTimeMs(this.#redis);
    if (ticks.some(tick => tick > nowMs)) return { outcome: "not due", nowMs };
    const runs = await addBackfill(this.#redis, this.#keys, { job, ticks, by: this.#by, nowMs });
    return { outcome: "started", runs };
  }

  /** No tick up to then is still to come. Jitter may hold back one whose time has come. */
  async #decidedTo(job: Job): Promise<number> {
    const nowMs = await readTimeMs(this.#redis);
    const cursor = await this.#redis.hget(this.#keys.cursors, job.name);
    return cursor === null ? nowMs : Math.max(Number(cursor), nowMs - job.schedule.jitterMs);
  }

  async #order(action: Action, job: Job | null, tickAt = 0) {
    const { orders, cursors, leader, audit } = this.#keys;
    const history = job === null ? audit : this.#keys.history(job.name);
    return orderReply.parse(
      await ORDER.run(
        this.#redis,
        [orders, cursors, leader, audit, history],
        [action, job?.name ?? "", this.#by, AUDIT_ENTRIES, tickAt],
      ),
    );
  }
}
