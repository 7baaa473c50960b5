import { DEFAULT_PER_JOB, MAX_PER_JOB } from "../config/schemas/history-schema.ts";
import { reasonText } from "../reasons.ts";
import type { Decision } from "../schedule/decision.ts";

/**
 * About how many entries a job's history has where nothing else is configured (`history.perJob`), and how far readers look for
 * the end of a run behind the rows that are asked for.
 */
export const HISTORY_ENTRIES = DEFAULT_PER_JOB;

/**
 * What writers keep that do not know `history.perJob`: those of the command line, and scripts that record beside other work.
 * The next record of a replica trims what is too much.
 */
export const HISTORY_CEILING = MAX_PER_JOB;

/** How many entries the record of what operators did keeps. */
export const AUDIT_ENTRIES = 1_000;

/** What the launcher knows of a decision before it is carried out. */
export function recordOf(decision: Decision, run: string, term: number): string[] {
  const base = { tick: decision.tickAtMs, term };
  if (decision.outcome === "launched") return streamFields({ ...base, kind: decision.kind, run });
  const { reason, fromAtMs: from, count, blockedBy } = decision;
  const why = { reason: reasonText(reason), reasonCode: reason.code };
  return streamFields({ ...base, kind: "scheduled", ...why, from, count, blockedBy });
}

/** Names and values, as streams hold them. */
export function streamFields(fields: Readonly<Record<string, string | number | undefined>>): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) list.push(name, `${value}`);
  return list;
}

/** How long ago the tick was let go: what jitter, or the run before it, holds back is not late. */
export function latenessOf({ tickAtMs, dueAtMs = tickAtMs }: Decision, nowMs: number): number {
  return Math.max(0, Math.floor(nowMs - dueAtMs));
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
