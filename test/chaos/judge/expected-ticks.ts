import { runIdOf } from "../../../src/launch/run-id.ts";
import type { JobRules, JudgedJob } from "./evidence.ts";
import { ticksOf } from "./run-name.ts";

/** A tick that a job's configuration has, and the rules that may decide it: several while an edit spreads. */
export interface ExpectedTick {
  readonly run: string;
  readonly tickAtMs: number;
  readonly rules: readonly JobRules[];
  /** False when only one side of an edit has it. */
  readonly isRequired: boolean;
  /** When it is due: at the earliest, and at the latest, which differ while an edit of the jitter spreads. */
  readonly dueFromMs: number;
  readonly dueByMs: number;
  /** When it would be due by itself, by each of the rules. */
  readonly ownDues: readonly number[];
}

/**
 * The ticks of a job from one instant to another, by its configuration and the edits of it. A tick whose jitter is long
 * holds back the ticks of the same version behind it. While an edit spreads, it may be no tick of that version, and then it
 * holds back nothing.
 */
export function expectedTicks(job: JudgedJob, fromMs: number, untilMs: number): ExpectedTick[] {
  const versions = versionsOf(job);
  const instants = new Set(versions.flatMap(({ rules }) => ticksOf(rules.periodMs, fromMs, untilMs)));
  const held = new Map(versions.map(({ rules }) => [rules, NOTHING_HELD]));
  return [...instants]
    .sort((a, b) => a - b)
    .flatMap((tickAtMs): ExpectedTick[] => {
      const possible = versions.filter(version => tickAtMs > version.fromMs && tickAtMs <= version.untilMs);
      const rules = possible.flatMap(({ rules }) => (hasTick(rules, tickAtMs) ? [rules] : []));
      if (rules.length === 0) return [];
      const dues = rules.map(({ jitterOf }) => tickAtMs + (jitterOf?.(tickAtMs) ?? 0));
      const spans = rules.map((version, i) => {
        const dueMs = dues[i] as number;
        const before = held.get(version) ?? NOTHING_HELD;
        const span = { fromMs: Math.max(before.fromMs, dueMs), byMs: Math.max(before.byMs, dueMs) };
        held.set(version, possible.length === 1 ? span : { ...before, byMs: span.byMs });
        return span;
      });
      const dueFromMs = Math.min(...spans.map(({ fromMs }) => fromMs));
      const dueByMs = Math.max(...spans.map(({ byMs }) => byMs));
      const isRequired = rules.length === possible.length;
      return [
        { run: runIdOf(job.name, tickAtMs), tickAtMs, rules, isRequired, dueFromMs, dueByMs, ownDues: dues },
      ];
    });
}

function hasTick({ periodMs, isExcepted }: JobRules, tickAtMs: number): boolean {
  return tickAtMs % periodMs === 0 && !isExcepted?.(tickAtMs);
}

/** Until when the ticks so far hold back the next one: for certain, and at most. */
const NOTHING_HELD = { fromMs: Number.NEGATIVE_INFINITY, byMs: Number.NEGATIVE_INFINITY };

/** From when on, and until when at the latest, each version of the rules may have been in force. */
function versionsOf({ edits = [], absences: _, ...rules }: JudgedJob) {
  return [{ fromMs: Number.NEGATIVE_INFINITY, rules: rules as JobRules }, ...edits].map((version, i) => ({
    fromMs: version.fromMs,
    untilMs: edits[i]?.untilMs ?? Number.POSITIVE_INFINITY,
    rules: version.rules,
  }));
}
