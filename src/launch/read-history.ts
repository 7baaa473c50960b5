import type { Redis } from "ioredis";
import type { TickKind } from "../event-map.ts";
import { type ToldReason, tellReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type FoldedCounts, type FoldedHour, foldedRows, foldedText } from "./folded-hour.ts";
import { HISTORY_ENTRIES } from "./history.ts";
import { readEntries, readHours, type StreamEntry, withHours } from "./history-entries.ts";
import {
  type ActionOutcome,
  type ActionRecord,
  auditRecordOf,
  type DecisionRecord,
  type EndRecord,
  type HistoryRecord,
  historyRecordOf,
  type LossRecord,
} from "./history-record.ts";

/**
 * One tick (or manual run) as `history --json` shows it, or something that was done to the job: then `tick`
 * is when. Times are ISO 8601 in UTC.
 */
export interface HistoryRow extends RunEnd {
  readonly tick: string;
  readonly outcome: "launched" | "skipped" | "missed" | "folded" | ActionOutcome;
  readonly reason?: string;
  /** A `Reason["code"]`, or what a later release has written; absent where an earlier one has. */
  readonly reasonCode?: string;
  readonly kind: TickKind;
  readonly term: number;
  readonly lateMs: number;
  readonly run?: string;
  /** The run that blocked this one. */
  readonly blockedBy?: string;
  /** Who asked for it. */
  readonly by?: string;
  /** Of `paused`: when the job resumes by itself. */
  readonly until?: string;
  /** The row covers `count` ticks from `from` to `tick`. */
  readonly from?: string;
  readonly count?: number;
  /**
   * Of `folded`, the ticks and runs of an hour whose details were given up for `history.memory`: how they ended. `durationMs` is then
   * the average, `lateMs` the most. Without `from` these are all hours up to `tick`.
   */
  readonly folded?: FoldedCounts;
}

/** How a run ended. */
export interface RunEnd {
  /** Absent while the run has not ended. */
  readonly result?: "completed" | "failed" | LossRecord["result"];
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly replica?: string;
  readonly error?: string;
  /** Why it ended so, where there is a `Reason["code"]` for that. */
  readonly endCode?: string;
}

/**
 * The last `limit` decisions about a job's ticks, newest first, each with the end of its run where there was one. Skips
 * what another program wrote into the history.
 */
export async function readHistory(
  redis: Redis,
  keys: RedisKeys,
  job: string,
  limit: number,
): Promise<HistoryRow[]> {
  const count = 2 * limit + HISTORY_ENTRIES;
  const [entries, hours] = await Promise.all([
    readEntries(redis, keys, job, "+", count),
    readHours(redis, keys, job),
  ]);
  return rowsOf(withHours(entries, hours, { before: "+", isWhole: entries.length < count }))
    .slice(0, limit)
    .map(({ row }) => row);
}

/** The rows of a history's entries in their order, each with the id of its entry. */
export function rowsOf(entries: readonly StreamEntry[]): { readonly id: string; readonly row: HistoryRow }[] {
  const records = entries.flatMap(([id, flat]) => {
    const record = historyRecordOf(flat);
    return record === null ? [] : [{ id, ...record }];
  });
  // A quick worker may tell the end of a manual run before its beginning is recorded: look at all ends first.
  const ends = byRun(records.flatMap(({ kind, record }) => (kind === "end" ? [record] : [])));
  const losses = byRun(records.flatMap(({ kind, record }) => (kind === "loss" ? [record] : [])));
  return records.flatMap(({ id, kind, record }) => {
    if (kind === "action") return [{ id, row: actionRow(record) }];
    if (kind === "folded") return [{ id, row: foldedRow(record) }];
    if (kind !== "decision") return [];
    const run = record.run ?? "";
    return [{ id, row: decisionRow(record, ends.get(run), losses.get(run)) }];
  });
}

function recordsOf(entries: readonly StreamEntry[]): HistoryRecord[] {
  return entries.flatMap(([, flat]) => historyRecordOf(flat) ?? []);
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
  /** Of a pause: when the job resumes by itself. */
  readonly until?: string;
  /** Why: of a pause what the operator said; with a code, where a replica put the control back. */
  readonly reason?: string;
  readonly reasonCode?: string;
}

/** What operators did last, newest first. */
export async function readAudit(redis: Redis, keys: RedisKeys, limit: number): Promise<AuditRow[]> {
  const entries = await redis.xrevrange(keys.audit, "+", "-", "COUNT", limit);
  return entries.flatMap(([, flat]) => auditRowOf(flat) ?? []);
}

/** What an entry of the audit says, or null for one that Bellwether has not written. */
export function auditRowOf(flat: readonly string[]): AuditRow | null {
  const record = auditRecordOf(flat);
  if (record === null) return null;
  const { at, action, by, job, run, ticks, pausedUntil } = record;
  return {
    at: isoOf(at),
    action,
    by,
    ...(job && { job }),
    ...(run && { run }),
    ...(ticks !== undefined && { ticks: typeof ticks === "number" ? ticks : ticks.map(isoOf) }),
    ...(pausedUntil !== undefined && { until: isoOf(pausedUntil) }),
    ...storedReason(record),
  };
}

function foldedRow(hour: FoldedHour): HistoryRow {
  const { fromMs, toMs, durationMs, maxLateMs, completed, asked, failed, skipped, missed, lost, open } = hour;
  return {
    tick: isoOf(toMs),
    outcome: "folded",
    reason: `details folded into a count: ${foldedText(hour)}`,
    kind: "scheduled",
    term: 0,
    lateMs: maxLateMs,
    ...(fromMs !== null && { from: isoOf(fromMs) }),
    count: foldedRows(hour),
    folded: { completed, asked, failed, skipped, missed, lost, open },
    ...(completed + asked > 0 && { durationMs }),
  };
}

function actionRow(record: ActionRecord): HistoryRow {
  const { action, at, by, pausedUntil } = record;
  return {
    tick: isoOf(at),
    outcome: action,
    ...aboutAction(record),
    kind: "manual",
    term: 0,
    lateMs: 0,
    ...(by !== undefined && { by }),
    ...(pausedUntil !== undefined && { until: isoOf(pausedUntil) }),
  };
}

function aboutAction(record: ActionRecord): Partial<ToldReason> {
  const { ticks, until: untilMs, after: afterMs } = record;
  const told = storedReason(record);
  if (ticks !== undefined) {
    const named = `tick ${ticks.map(isoOf).join(", ")}`;
    return { ...told, reason: told.reason === undefined ? named : `${named}: ${told.reason}` };
  }
  if (untilMs === undefined) return told;
  if (afterMs === undefined) return tellReason({ code: "schedule_changed", untilMs });
  return tellReason({ code: "schedule_unknown", afterMs, untilMs });
}

/** What a record says: text and code, text alone, or, where another release leaves the text to its readers, the code. */
function storedReason(record: Pick<DecisionRecord, "reason" | "reasonCode">): Partial<ToldReason> {
  const { reason, reasonCode } = record;
  if (!reasonCode) return reason ? { reason } : {};
  return { reason: reason || reasonCode, reasonCode };
}

function decisionRow(
  decision: DecisionRecord,
  end: EndRecord | undefined,
  loss: LossRecord | undefined,
): HistoryRow {
  const { tick, outcome, kind, term, lateMs, run, blockedBy, by, from, count } = decision;
  return {
    tick: isoOf(tick),
    outcome,
    ...storedReason(decision),
    kind,
    term,
    lateMs,
    ...(run && { run }),
    ...(blockedBy && { blockedBy }),
    ...(by && { by }),
    ...(from !== undefined && { from: isoOf(from) }),
    ...(count !== undefined && { count }),
    ...endOf(end, loss),
  };
}

function endOf(end: EndRecord | undefined, loss: LossRecord | undefined): RunEnd {
  const endCode = (end ?? loss)?.reasonCode;
  const code = endCode ? { endCode } : {};
  if (end === undefined) return loss ? { result: loss.result, error: errorOf(loss), ...code } : {};
  const { result, attempts, durationMs, replica, error } = end;
  return { result, attempts, durationMs, ...(replica && { replica }), ...(error && { error }), ...code };
}

function errorOf({ result, reason }: LossRecord): string {
  return reason ?? (result === "removed" ? "removed in BullMQ before its end was recorded" : result);
}

/** Of several records of a run the newest; `records` are newest first. */
function byRun<R extends { readonly run: string }>(records: readonly R[]): ReadonlyMap<string, R> {
  return new Map(records.toReversed().map(record => [record.run, record]));
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

export interface LastRun extends Omit<RunEnd, "result"> {
  readonly outcome: "launched" | NonNullable<RunEnd["result"]>;
  readonly run: string;
}

/** The newest tick that was decided, and the newest run that is known, of one job. */
export interface LastDecision {
  readonly tickAtMs: number | undefined;
  readonly lastRun: LastRun | null;
}

/** A few entries are enough to see one decision and one result, unless runs take many ticks' time. */
const LAST_ENTRIES = 20;
/** Mostly the last decision and the last result are among these. */
const FIRST_LOOK = 4;

/** Reads the ends of many histories together. A job without history has no entry in the answer. */
export async function readLastDecisions(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly string[],
): Promise<ReadonlyMap<string, LastDecision>> {
  const lasts = await readLasts(redis, keys, jobs, FIRST_LOOK);
  const unsure = jobs.filter(job => {
    const last = lasts.get(job);
    return (
      last && (last.tickAtMs === undefined || last.lastRun === null || last.lastRun.outcome === "launched")
    );
  });
  const longer = unsure.length === 0 ? [] : await readLasts(redis, keys, unsure, LAST_ENTRIES);
  return new Map([...lasts, ...longer]);
}

async function readLasts(redis: Redis, keys: RedisKeys, jobs: readonly string[], count: number) {
  const pipeline = redis.pipeline();
  for (const job of jobs) pipeline.xrevrange(keys.history(job), "+", "-", "COUNT", count);
  const replies = (await pipeline.exec()) ?? [];
  const lasts = new Map<string, LastDecision>();
  jobs.forEach((job, i) => {
    const [error, entries] = replies[i] ?? [];
    if (error) throw error;
    const records = recordsOf(entries as [string, string[]][]);
    if (records.length > 0) lasts.set(job, lastOf(records));
  });
  return lasts;
}

function lastOf(newestFirst: readonly HistoryRecord[]): LastDecision {
  const [tickAtMs] = newestFirst.flatMap(({ kind, record }) => {
    const isOfSchedule = kind === "decision" && record.kind !== "manual" && record.kind !== "backfill";
    return isOfSchedule ? [record.tick] : [];
  });
  const [run] = newestFirst.flatMap(({ kind, record }) => {
    const isOfRun = kind === "end" || (kind === "decision" && record.outcome === "launched");
    return isOfRun ? [record.run] : [];
  });
  if (run === undefined) return { tickAtMs, lastRun: null };
  const [end] = newestFirst.flatMap(one =>
    one.kind === "end" && one.record.run === run ? [one.record] : [],
  );
  const [loss] = newestFirst.flatMap(one =>
    one.kind === "loss" && one.record.run === run ? [one.record] : [],
  );
  const { result: outcome = "launched", ...details } = endOf(end, loss);
  return { tickAtMs, lastRun: { outcome, run, ...details } };
}
