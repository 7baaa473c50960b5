import type { Redis } from "ioredis";
import type { TickKind } from "../events.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { Decision } from "../schedule/plan.ts";

/**
 * About how many entries a job's history keeps (Redis trims streams in blocks). A launched tick takes two: the
 * decision, and how its run ended.
 */
export const HISTORY_ENTRIES = 500;

/** How a run ended, told by the replica that made the last attempt. */
export interface RunResult {
  readonly job: string;
  readonly run: string;
  readonly result: "completed" | "failed";
  readonly attempts: number;
  readonly durationMs: number;
  readonly replica: string;
  readonly error?: string;
}

/** One tick (or manual run) as `history --json` shows it (DESIGN §4.1). Times are ISO 8601 in UTC. */
export interface HistoryRow {
  readonly tick: string;
  readonly outcome: "launched" | "skipped" | "missed";
  readonly reason?: string;
  readonly kind: TickKind;
  readonly term: number;
  readonly lateMs: number;
  readonly run?: string;
  /** The run that stood in the way. */
  readonly blockedBy?: string;
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

/** What the launcher knows of a decision before it is carried out: names and values, as streams hold them. */
export function recordOf(decision: Decision, run: string, term: number, nowMs: number): string[] {
  const lateMs = Math.max(0, Math.floor(nowMs - decision.tickAt));
  const fields = ["tick", String(decision.tickAt), "term", String(term), "lateMs", String(lateMs)];
  if (decision.outcome === "launch") return [...fields, "kind", decision.kind, "run", run];
  fields.push("kind", "scheduled", "reason", decision.reason);
  if (decision.fromAt !== undefined) fields.push("from", String(decision.fromAt));
  if (decision.count !== undefined) fields.push("count", String(decision.count));
  return fields;
}

/** Records how a run ended. */
export async function recordResult(redis: Redis, keys: RedisKeys, result: RunResult): Promise<void> {
  const { job, ...fields } = result;
  const values = Object.entries(fields).flatMap(([name, value]) => [name, String(value)]);
  await redis.xadd(keys.history(job), "MAXLEN", "~", HISTORY_ENTRIES, "*", ...values);
}

/** Records a run that somebody asked for; it is no tick of the schedule and moves no cursor. */
export async function recordManualRun(
  redis: Redis,
  keys: RedisKeys,
  job: string,
  run: string,
  nowMs: number,
): Promise<void> {
  await redis.xadd(
    keys.history(job),
    ...["MAXLEN", "~", HISTORY_ENTRIES, "*"],
    ...[
      "tick",
      Math.floor(nowMs),
      "kind",
      "manual",
      "outcome",
      "launched",
      "run",
      run,
      "term",
      0,
      "lateMs",
      0,
    ],
  );
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
  const rows = records
    .filter(fields => fields["tick"])
    .slice(0, limit)
    .map(fields => {
      const run = fields["run"] ?? "";
      return rowOf({ ...fields, ...displaced.get(run) }, results.get(run));
    });
  return rows;
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
  const iso = (ms: string) => new Date(Number(ms)).toISOString();
  return {
    tick: iso(fields["tick"] ?? "0"),
    outcome: fields["outcome"] as HistoryRow["outcome"],
    ...(fields["reason"] ? { reason: fields["reason"] } : {}),
    kind: fields["kind"] as TickKind,
    term: Number(fields["term"]),
    lateMs: Number(fields["lateMs"]),
    ...(fields["run"] ? { run: fields["run"] } : {}),
    ...(fields["blockedBy"] ? { blockedBy: fields["blockedBy"] } : {}),
    ...(fields["from"] ? { from: iso(fields["from"]) } : {}),
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
  const tick = newestFirst.find(fields => fields["outcome"] && fields["kind"] !== "manual");
  const launched = newestFirst.find(fields => fields["outcome"] === "launched" || fields["result"]);
  const tickAt = tick ? { tickAt: Number(tick["tick"]) } : {};
  const run = launched?.["run"];
  if (!launched || run === undefined) return { ...tickAt, lastRun: null };
  const result = newestFirst.find(fields => fields["result"] && fields["run"] === run);
  const outcome = (result?.["result"] ?? "launched") as "launched" | "completed" | "failed";
  return { ...tickAt, lastRun: { outcome, run, ...(result ? resultOf(result) : {}) } };
}
