import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { addBackfill, type BackfillOutcome } from "../launch/backfill.ts";
import { PAST_PAUSES_LUA, type Pause, pauseDetailsOf, pauseOf } from "../launch/controls.ts";
import { readLaunched } from "../launch/cursors.ts";
import { AUDIT_ENTRIES } from "../launch/history.ts";
import { newRequestId, REQUEST_KEPT_MS, REQUEST_LUA, refuseReuse } from "../launch/requests.ts";
import { actOnRun, type RunAct, type RunActOutcome } from "../launch/run-act.ts";
import { type TriggerOutcome, triggerJob } from "../launch/trigger.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedNumber } from "../redis/stored-value.ts";
import { readTimeMs } from "../redis/time.ts";

const controlReply = z.tuple([
  z.enum(["done", "already", "not there", "decided", "no leader", "over", "reused"]),
  z.string(),
]);
const CONTROL = new Script(
  controlReply,
  REQUEST_LUA,
  PAST_PAUSES_LUA,
  new URL("./control.lua", import.meta.url),
);

type Action = "pause" | "resume" | "skip-next" | "keep-next" | "stepdown";

/**
 * Every call is a request with an id. Each rejects only when Redis gives no answer or refuses. Whether the command was
 * carried out is then unknown; the same call with the same request id is safe: it is carried out once.
 */
export interface RequestOptions {
  /** A fresh one by default. Redis remembers it for a day. */
  readonly requestId?: string;
}

export type PauseOutcome =
  | { readonly outcome: "paused"; readonly atMs: number }
  | { readonly outcome: "already"; readonly pause: Pause };
export type ResumeOutcome =
  | { readonly outcome: "resumed"; readonly pause: Pause }
  | { readonly outcome: "not paused" };
export type SkipOutcome =
  | { readonly outcome: "skipped"; readonly tickAtMs: number }
  /** The schedule has no further tick, or the job has ended (`maxRuns`). */
  | { readonly outcome: "no tick" };
export type KeepOutcome =
  | { readonly outcome: "kept"; readonly ticks: readonly number[] }
  | { readonly outcome: "nothing to keep" };
export type StepDownOutcome =
  | { readonly outcome: "asked"; readonly term: number }
  /** Another term has begun: its leader was not asked. */
  | { readonly outcome: "over"; readonly term: number }
  | { readonly outcome: "no leader" };

export interface StepDownOptions extends RequestOptions {
  /** The term whose leader is to step down. Read it once (`newestTerm`), also when the command is given again. */
  readonly term: number;
}

export interface PauseRequest extends RequestOptions {
  /** When the job resumes by itself (epoch ms, store time); without it, it stays paused until it is resumed. */
  readonly untilMs?: number | undefined;
  /** Why, for the record. */
  readonly reason?: string | undefined;
}

/** What skipping needs of a job. */
type Scheduled = Pick<Job, "name" | "schedule" | "maxRuns">;

export interface OperatorOptions {
  /** A connection that never resends (`connectRedis`, purpose "plain" or "noRetry"). */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  /** Who acts, for the audit record. */
  readonly by: string;
}

/** Skipping searches for a tick that is not to be skipped already; more than this many in a row is no plan. */
const MAX_SKIPS = 1_000;

/**
 * What people do to a running cluster, from any process and under any leader. A command is written to Redis and is in
 * force when the call has answered; the leader notices it within half a second. The job's history and the audit record
 * keep who, when and what.
 */
export class Operator {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #by: string;
  /** One after the other: they use WATCH, and the connection is shared. */
  readonly #turns: { last: Promise<unknown> };

  /** @param turns of `as` alone */
  constructor(options: OperatorOptions, turns: { last: Promise<unknown> } = { last: Promise.resolve() }) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#by = options.by;
    this.#turns = turns;
  }

  /** The same connection for another person. */
  as(by: string): Operator {
    return new Operator({ redis: this.#redis, keys: this.#keys, by }, this.#turns);
  }

  /** From now on no tick of the job is launched, across restarts and handoffs, until it is resumed or the pause ends. */
  async pause(job: Pick<Job, "name">, options: PauseRequest = {}): Promise<PauseOutcome> {
    const { untilMs, reason } = options;
    const details = pauseDetailsOf({ untilMs: untilMs ?? null, reason: reason ?? null });
    const more = [details, reason ?? "", untilMs ?? ""];
    const [outcome, value] = await this.#send("pause", job, options, 0, more);
    if (outcome === "already") return { outcome, pause: pauseOf(value) };
    return { outcome: "paused", atMs: Number(value) };
  }

  /** Ticks that its catch-up policy has kept meanwhile are launched, the next ones when they are due. */
  async resume(job: Pick<Job, "name">, options: RequestOptions = {}): Promise<ResumeOutcome> {
    const [outcome, value] = await this.#send("resume", job, options);
    return outcome === "done" ? { outcome: "resumed", pause: pauseOf(value) } : { outcome: "not paused" };
  }

  /** Skips the next tick that is not decided yet; called again, the one after it too. */
  async skipNext(job: Scheduled, options: RequestOptions = {}): Promise<SkipOutcome> {
    // One id for all steps: of these only the last one is carried out.
    const { requestId = newRequestId() } = options;
    const launched = await readLaunched(this.#redis, this.#keys, [job]);
    if (job.maxRuns !== null && (launched.get(job.name) ?? 0) >= job.maxRuns) return { outcome: "no tick" };
    let after = await this.#decidedTo(job);
    for (let i = 0; i < MAX_SKIPS; i++) {
      const tick = job.schedule.next(after);
      if (tick === null) break;
      const [outcome, value] = await this.#send("skip-next", job, { requestId }, tick.at);
      if (outcome === "done") return { outcome: "skipped", tickAtMs: Number(value) };
      after = Math.max(tick.at, Number(value));
    }
    return { outcome: "no tick" };
  }

  /** Takes back what `skipNext` asked for and what has not happened yet. */
  async keepNext(job: Pick<Job, "name">, options: RequestOptions = {}): Promise<KeepOutcome> {
    const [outcome, value] = await this.#send("keep-next", job, options);
    if (outcome !== "done") return { outcome: "nothing to keep" };
    return { outcome: "kept", ticks: value.split(",").map(Number) };
  }

  /** Asks the leader of one term to let another replica lead. A later leader is never asked by the same call. */
  async stepDown(options: StepDownOptions): Promise<StepDownOutcome> {
    const { term } = options;
    const [outcome, value] = await this.#send("stepdown", null, options, term);
    if (outcome === "over") return { outcome, term };
    return outcome === "done" ? { outcome: "asked", term: Number(value) } : { outcome: "no leader" };
  }

  /** The newest term that was opened; 0 where there was none. */
  async newestTerm(): Promise<number> {
    return storedNumber(await this.#redis.hget(this.#keys.leader, "term")) ?? 0;
  }

  /**
   * Starts a run now, beside the schedule. `data` replaces fields of the job's own. When the answer is lost, the same call
   * with the same request id is safe: the run is started once.
   */
  trigger(
    job: Job,
    data: Readonly<Record<string, unknown>>,
    { requestId = newRequestId() }: RequestOptions = {},
  ): Promise<TriggerOutcome> {
    return this.#inTurn(async () => {
      const nowMs = await readTimeMs(this.#redis);
      return triggerJob(this.#redis, this.#keys, { job, data, by: this.#by, nowMs, requestId });
    });
  }

  /**
   * Starts a run for each of the ticks (epoch ms, ascending), all or none. They run beside each other and beside other
   * runs, whatever the job's `overlap`. None is started when one of the ticks is still to come by Redis's time or is not
   * decided yet, since the leader may launch it as well.
   */
  backfill(job: Job, ticks: readonly number[], options: RequestOptions = {}): Promise<BackfillOutcome> {
    const { requestId = newRequestId() } = options;
    return this.#inTurn(() => addBackfill(this.#redis, this.#keys, { job, ticks, by: this.#by, requestId }));
  }

  /** Puts a run that has failed back into its queue, with all of its attempts. */
  retryRun(run: Pick<RunAct, "job" | "place" | "run">, options: RequestOptions = {}): Promise<RunActOutcome> {
    return this.#actOnRun("retry", run, options);
  }

  /** Removes a run from its queue that no worker has begun. */
  cancelRun(
    run: Pick<RunAct, "job" | "place" | "run">,
    options: RequestOptions = {},
  ): Promise<RunActOutcome> {
    return this.#actOnRun("cancel", run, options);
  }

  #actOnRun(
    act: RunAct["act"],
    { job, place, run }: Pick<RunAct, "job" | "place" | "run">,
    { requestId = newRequestId() }: RequestOptions,
  ): Promise<RunActOutcome> {
    const about: RunAct = { act, job, place, run, by: this.#by, requestId };
    return this.#inTurn(() => actOnRun(this.#redis, this.#keys, about));
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turns.last.then(act);
    this.#turns.last = done.catch(() => undefined);
    return done;
  }

  /** No tick up to then is still to come. Jitter may hold back one whose time has come. */
  async #decidedTo(job: Scheduled): Promise<number> {
    const nowMs = await readTimeMs(this.#redis);
    const cursor = await this.#redis.hget(this.#keys.cursors, job.name);
    return cursor === null ? nowMs : Math.max(Number(cursor), nowMs - job.schedule.jitterMs);
  }

  /** `about`: the tick to skip (epoch ms), or the term whose leader is to step down. */
  async #send(
    action: Action,
    job: Pick<Job, "name"> | null,
    options: RequestOptions,
    about = 0,
    more: readonly (string | number)[] = ["", "", ""],
  ) {
    const { controls, cursors, leader, audit, leadershipChannel } = this.#keys;
    const { requestId: id = newRequestId() } = options;
    const name = job?.name ?? "";
    const history = job === null ? audit : this.#keys.history(name);
    const reply = await CONTROL.run(
      this.#redis,
      [controls, cursors, leader, audit, history, this.#keys.request(id)],
      [action, name, this.#by, AUDIT_ENTRIES, about, REQUEST_KEPT_MS, ...more, leadershipChannel],
    );
    if (reply[0] === "reused") refuseReuse({ id, action, job: name }, reply[1]);
    return reply;
  }
}
