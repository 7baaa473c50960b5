import type { Redis } from "ioredis";
import { sleep } from "../clock/sleep.ts";
import { reasonText } from "../reasons.ts";
import { isConnectionLoss } from "../redis/connect.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { refusalOf } from "../redis/refusal.ts";
import type { Decision } from "../schedule/decision.ts";
import type { EndRecord } from "./history-record.ts";

/**
 * About how many entries a job's history keeps (Redis trims streams in blocks). A launched tick takes two: the
 * decision, and how its run ended.
 */
export const HISTORY_ENTRIES = 500;

/** How many entries the record of what operators did keeps. */
export const AUDIT_ENTRIES = 1_000;

/** What the launcher knows of a decision before it is carried out. */
export function recordOf(decision: Decision, run: string, term: number, nowMs: number): string[] {
  const base = { tick: decision.tickAtMs, term, lateMs: latenessOf(decision, nowMs) };
  if (decision.outcome === "launched") return streamFields({ ...base, kind: decision.kind, run });
  const { reason, fromAtMs: from, count, blockedBy } = decision;
  const why = { reason: reasonText(reason), reasonCode: reason.code };
  return streamFields({ ...base, kind: "scheduled", ...why, from, count, blockedBy });
}

/** Names and values, as streams hold them. */
function streamFields(fields: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, `${value}`]));
}

/** How long ago the tick was let go: what jitter, or the run before it, holds back is not late. */
export function latenessOf({ tickAtMs, dueAtMs = tickAtMs }: Decision, nowMs: number): number {
  return Math.max(0, Math.floor(nowMs - dueAtMs));
}

/** A connection comes back within 2 s of its server; an outage that lasts longer costs the record. */
const RECORD_LIMIT_MS = 30_000;
const RECORD_PAUSE_MS = 200;

/**
 * Records how a run ended; after a broken connection or a refusal once more, until Redis has recorded it. Where the answer of the first
 * record was lost there are two of them: readers take the newest of a run. The signal ends the repeating.
 */
export async function recordResult(
  redis: Redis,
  keys: RedisKeys,
  { job, ...end }: EndRecord & { readonly job: string },
  signal: AbortSignal,
): Promise<void> {
  const values = streamFields(end);
  const untilMs = performance.now() + RECORD_LIMIT_MS;
  for (;;) {
    try {
      await redis.xadd(keys.history(job), "MAXLEN", "~", HISTORY_ENTRIES, "*", ...values);
      return;
    } catch (error) {
      const isOver = signal.aborted || performance.now() >= untilMs;
      if (isOver || (!isConnectionLoss(error) && refusalOf(error) === null)) throw error;
      await sleep(RECORD_PAUSE_MS, signal);
    }
  }
}

/** A run that an operator asked for; it is no tick of the schedule and moves no cursor. */
export interface OperatorRun {
  readonly tickAtMs: number;
  readonly run: string;
  readonly kind: "manual" | "backfill";
  readonly by: string;
  readonly nowMs: number;
}

export function recordOfRun({ tickAtMs, run, kind, by, nowMs }: OperatorRun): string[] {
  const lateMs = Math.max(0, Math.floor(nowMs - tickAtMs));
  return streamFields({ tick: Math.floor(tickAtMs), kind, outcome: "launched", run, by, term: 0, lateMs });
}
