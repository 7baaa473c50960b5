import type { Redis } from "ioredis";
import type { TickKind } from "../events.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { HISTORY_ENTRIES } from "./history.ts";

/** What was done to a job, and when: a row between its ticks. */
export type ActionOutcome = "paused" | "resumed" | "skip-next" | "keep-next" | "rescheduled";

/**
 * One tick (or manual run) as `history --json` shows it (DESIGN §4.1), or something that was done to the job: then `tick`
 * is when. Times are ISO 8601 in UTC.
 */
export interface HistoryRow {
  readonly tick: string;
  readonly outcome: "launched" | "skipped" | "missed" | ActionOutcome;
  readonly reason?: string;
  readonly kind: TickKind;
  readonly term: number;
  readonly lateMs: number;
  readonly run?: string;
  /** The run that stood in the way. */
  readonly blockedBy?: string;
  /** Who asked for it. */
  readonly by?: string;
  /** The row stands for `count` ticks from `from` to `tick`. */
  readonly from?: string;
  readonly count?: number;
  /** Absent while the run has not ended. */
  readonly result?: "completed" | "failed";
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly replica?: string;
  readonly error?: string;
}

/** The last `limit` decisions about a job's ticks, newest first, each with the end of its run where there was one. */
export async function readHistory(
  redis: Redis,
  keys: RedisKeys,
  job: string,
  limit: number,
): Promise<HistoryRow[]> {
  const entries = await redis.xrevrange(keys.history(job), "+", "-", "COUNT", 2 * limit + HISTORY_ENTRIES);
  const records = entries.map(([, flat]) => pairsOf(flat));
  // A quick worker may tell the end of a manual run before its beginning is recorded: look at all ends first.
  const ends = records.filter(fields => !fields["tick"]);
  const results = byRun(ends.filter(fields => fields["result"]));
  const displaced = byRun(ends.filter(fields => fields["outcome"]));
  return records
    .filter(fields => fields["tick"] || fields["action"])
    .slice(0, limit)
    .map(fields => {
      if (fields["action"]) return actionRow(fields);
      const run = fields["run"] ?? "";
      return rowOf({ ...fields, ...displaced.get(run) }, results.get(run));
    });
}

/** One thing that an operator did. Times are ISO 8601 in UTC. */
export interface AuditRow {
  readonly at: string;
  readonly action: string;
  readonly by: string;
  /** Absent where it is about no single job. */
  readonly job?: string;
  readonly run?: string;
  /** The ticks that are to be skipped (or not any more); of a backfill, how many. */
  readonly ticks?: readonly string[] | number;
}

/** What operators did last, newest first. */
export async function readAudit(redis: Redis, keys: RedisKeys, limit: number): Promise<AuditRow[]> {
  const entries = await redis.xrevrange(keys.audit, "+", "-", "COUNT", limit);
  return entries.map(([, flat]) => {
    const {
      at = "0",
      action = "",
      by = "",
      job,
      run,
      ticks,
    } = pairsOf(flat) as Partial<Record<string, string>>;
    return {
      ...{ at: isoOf(at), action, by },
      ...(job ? { job } : {}),
      ...(run ? { run } : {}),
      ...(ticks === undefined ? {} : { ticks: action === "backfill" ? Number(ticks) : ticksOf(ticks) }),
    };
  });
}

const OUTCOMES: Readonly<Record<string, ActionOutcome>> = { pause: "paused", resume: "resumed" };

function actionRow(fields: Record<string, string>): HistoryRow {
  const { action = "", at = "0", by, ticks, reason } = fields as Partial<Record<string, string>>;
  const about = ticks === undefined ? reason : `tick ${ticksOf(ticks).join(", ")}`;
  return {
    tick: isoOf(at),
    outcome: OUTCOMES[action] ?? (action as ActionOutcome),
    ...(about === undefined ? {} : { reason: about }),
    ...{ kind: "manual", term: 0, lateMs: 0 },
    ...(by === undefined ? {} : { by }),
  };
}

function ticksOf(text: string): string[] {
  return text.split(",").map(isoOf);
}

function isoOf(ms: string): string {
  return new Date(Number(ms)).toISOString();
}

/** Of several records of a run the newest; `records` are newest first. */
function byRun(records: readonly Record<string, string>[]): ReadonlyMap<string, Record<string, string>> {
  return new Map(records.toReversed().map(fields => [fields["run"] ?? "", fields]));
}

function pairsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

function rowOf(fields: Record<string, string>, result: Record<string, string> | undefined): HistoryRow {
  return {
    tick: isoOf(fields["tick"] ?? "0"),
    outcome: fields["outcome"] as HistoryRow["outcome"],
    ...(fields["reason"] ? { reason: fields["reason"] } : {}),
    kind: fields["kind"] as TickKind,
    term: Number(fields["term"]),
    lateMs: Number(fields["lateMs"]),
    ...(fields["run"] ? { run: fields["run"] } : {}),
    ...(fields["blockedBy"] ? { blockedBy: fields["blockedBy"] } : {}),
    ...(fields["by"] ? { by: fields["by"] } : {}),
    ...(fields["from"] ? { from: isoOf(fields["from"]) } : {}),
    ...(fields["count"] ? { count: Number(fields["count"]) } : {}),
    ...(result ? { result: result["result"] as "completed" | "failed", ...resultOf(result) } : {}),
  };
}

function resultOf(result: Record<string, string>) {
  return {
    attempts: Number(result["attempts"]),
    durationMs: Number(result["durationMs"]),
    ...(result["replica"] ? { replica: result["replica"] } : {}),
    ...(result["error"] ? { error: result["error"] } : {}),
  };
}

/** The newest tick that was decided, and the newest run that is known, of one job. */
export interface LastDecision {
  readonly tickAt?: number;
  readonly lastRun: {
    readonly outcome: "launched" | "completed" | "failed";
    readonly run: string;
    readonly attempts?: number;
    readonly durationMs?: number;
    readonly replica?: string;
    readonly error?: string;
  } | null;
}

/** A few entries are enough to see one decision and one result, unless runs take many ticks' time. */
const LAST_ENTRIES = 20;

/** Reads the ends of many histories at once. A job without history has no entry in the answer. */
export async function readLastDecisions(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly string[],
): Promise<ReadonlyMap<string, LastDecision>> {
  const pipeline = redis.pipeline();
  for (const job of jobs) pipeline.xrevrange(keys.history(job), "+", "-", "COUNT", LAST_ENTRIES);
  const replies = (await pipeline.exec()) ?? [];
  const lasts = new Map<string, LastDecision>();
  jobs.forEach((job, i) => {
    const [error, entries] = replies[i] ?? [];
    if (error) throw error;
    const records = (entries as [string, string[]][]).map(([, flat]) => pairsOf(flat));
    if (records.length > 0) lasts.set(job, lastOf(records));
  });
  return lasts;
}

function lastOf(newestFirst: readonly Record<string, string>[]): LastDecision {
  const tick = newestFirst.find(fields => {
    return fields["tick"] && fields["kind"] !== "manual" && fields["kind"] !== "backfill";
  });
  const launched = newestFirst.find(fields => fields["outcome"] === "launched" || fields["result"]);
  const tickAt = tick ? { tickAt: Number(tick["tick"]) } : {};
  const run = launched?.["run"];
  if (!launched || run === undefined) return { ...tickAt, lastRun: null };
  const result = newestFirst.find(fields => fields["result"] && fields["run"] === run);
  const outcome = (result?.["result"] ?? "launched") as "launched" | "completed" | "failed";
  return { ...tickAt, lastRun: { outcome, run, ...(result ? resultOf(result) : {}) } };
}
