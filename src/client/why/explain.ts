import { foldedText } from "../../launch/folded-hour.ts";
import { HOUR_MS } from "../../schedule/time-units.ts";
import { isoOf } from "../iso.ts";
import { decidedCause, heldCause, lateCause } from "./causes.ts";
import type { FactSchedule, WhyFacts } from "./facts.ts";
import { notATickCause } from "./not-a-tick.ts";
import type { Why } from "./why.ts";
import { type Finding, textOf } from "./words.ts";

/** A cursor that lies this far in the future keeps its job silent. */
const SILENCED_MS = 60_000;

/** What became of a job at an instant, by what is known. Pure. */
export function explainWhy(facts: WhyFacts, atMs: number): Why {
  const schedule = scheduleAt(facts, atMs);
  const finding = findingAt(facts, schedule, atMs);
  const { verdict, reasonCode, row, cause } = finding;
  const isTick = verdict !== "not_a_tick" && !(verdict === "unknown" && row === null && !finding.isTick);
  const nearest = nearestTo(facts, atMs);
  return {
    job: facts.job,
    at: isoOf(atMs),
    verdict,
    text: textOf(facts, finding, { atMs, nearest, timezone: schedule?.spec.timezone ?? "UTC" }),
    reasonCode,
    tick: isTick ? isoOf(atMs) : null,
    run: row?.run ?? null,
    result: row?.result ?? (verdict === "launched" && cause?.kind === "folded" ? "completed" : null),
    nearest,
    cause,
  };
}

/** The schedule that owns the instant; before all that are known, the first one. */
export function scheduleAt({ schedules }: WhyFacts, atMs: number): FactSchedule | null {
  return schedules.find(({ untilMs }) => atMs <= untilMs) ?? schedules.at(-1) ?? null;
}

function findingAt(facts: WhyFacts, schedule: FactSchedule | null, atMs: number): Finding {
  const row = facts.rows.find(({ kind, outcome }) => isTickRow(kind, outcome)) ?? null;
  const extra = facts.rows.filter(({ kind, run }) => kind === "backfill" && run !== undefined);
  const base = { row, extra, isTick: row !== null, note: schedule?.schedule.next(atMs - 1)?.note ?? null };
  if (row !== null) {
    const cause = row.outcome === "launched" ? lateCause(facts, schedule, row) : decidedCause(facts, row);
    const verdict = row.outcome as "launched" | "skipped" | "missed";
    return { ...base, verdict, cause, reasonCode: row.reasonCode ?? runCode(facts, row.run, row.endCode) };
  }
  if (schedule === null) return { ...base, verdict: "unknown", cause: null, reasonCode: null };
  const tick = schedule.schedule.next(atMs - 1);
  if (tick?.at !== atMs) return { ...base, ...notATick(facts, schedule, atMs), note: null };
  return { ...base, isTick: true, ...undecided(facts, schedule, atMs) };
}

function isTickRow(kind: string, outcome: string): boolean {
  const isDecision = outcome === "launched" || outcome === "skipped" || outcome === "missed";
  return isDecision && kind !== "manual" && kind !== "backfill";
}

/** Why the run ended as it did, or what became of it last. */
function runCode({ notes }: WhyFacts, run: string | undefined, endCode: string | undefined): string | null {
  return endCode ?? notes.findLast(note => note.run === run)?.reasonCode ?? null;
}

type Judged = Pick<Finding, "verdict" | "cause" | "reasonCode">;

function notATick(facts: WhyFacts, schedule: FactSchedule, atMs: number): Judged {
  const { cause, reasonCode } = notATickCause(facts, schedule, atMs);
  return { verdict: "not_a_tick", cause, reasonCode };
}

/** Of a tick without a row. */
function undecided(facts: WhyFacts, schedule: FactSchedule, atMs: number): Judged {
  const { nowMs, unknownSpans, isFinished } = facts;
  const span = unknownSpans.find(({ afterMs, untilMs }) => atMs > afterMs && atMs <= untilMs);
  if (span !== undefined) {
    const cause = { kind: "schedule", since: isoOf(span.afterMs), until: isoOf(span.untilMs) } as const;
    return { verdict: "unknown", cause, reasonCode: "schedule_unknown" };
  }
  const { cursorMs, fromMs, untilMs } = schedule;
  if (cursorMs !== null && cursorMs - nowMs >= SILENCED_MS && atMs > nowMs && atMs <= cursorMs) {
    const cause = { kind: "silenced", until: isoOf(cursorMs) } as const;
    return { verdict: "not_yet", cause, reasonCode: null };
  }
  if (atMs > nowMs) {
    if (isFinished) return { verdict: "not_a_tick", cause: { kind: "finished" }, reasonCode: null };
    return { verdict: "not_yet", ...heldCause(facts, schedule, atMs) };
  }
  if (cursorMs === null || (atMs <= fromMs && untilMs === Number.POSITIVE_INFINITY)) {
    const cause = { kind: "new_job", ...(cursorMs === null ? {} : { until: isoOf(fromMs) }) } as const;
    return { verdict: "unknown", cause, reasonCode: "job_unknown" };
  }
  if (atMs > cursorMs) {
    if (isFinished) return { verdict: "not_a_tick", cause: { kind: "finished" }, reasonCode: null };
    const held = heldCause(facts, schedule, atMs);
    return { verdict: held.cause?.kind === "jitter" ? "not_yet" : "held", ...held };
  }
  const folded = foldedFinding(facts, schedule);
  if (folded !== null) return folded;
  const since = facts.historySinceMs === null ? {} : { since: isoOf(facts.historySinceMs) };
  return { verdict: "unknown", cause: { kind: "record", ...since }, reasonCode: null };
}

/**
 * What the counts of the tick's hour say of it. Where the hour has as many ticks as completed runs are counted and rows are left,
 * the tick was launched, and its run completed. Otherwise it may be one of those counted, or one that left the record in another way.
 */
function foldedFinding(facts: WhyFacts, { schedule, fromMs, untilMs }: FactSchedule): Judged | null {
  const hour = facts.rows.find(({ folded }) => folded !== undefined);
  if (hour?.folded === undefined) return null;
  const { from: since, tick: until, folded } = hour;
  const cause = { kind: "folded", ...(since && { since }), until, reason: foldedText(folded) } as const;
  if (since === undefined) return { verdict: "unknown", cause, reasonCode: null };
  const beginMs = Date.parse(since);
  const known = folded.completed + facts.rowsInHour;
  let ticks = 0;
  let tick = schedule.next(beginMs - 1);
  while (tick !== null && tick.at < beginMs + HOUR_MS && ticks <= known) {
    ticks++;
    tick = schedule.next(tick.at);
  }
  const isOwned = beginMs > fromMs && beginMs + HOUR_MS <= Math.min(untilMs, facts.cursorMs ?? 0) + 1;
  const isSure = isOwned && ticks === known;
  return { verdict: isSure ? "launched" : "unknown", cause, reasonCode: null };
}

function nearestTo({ schedules, isFinished, nowMs }: WhyFacts, atMs: number): Why["nearest"] {
  let before: number | null = null;
  let after: number | null = null;
  for (const { schedule, fromMs, untilMs } of schedules) {
    const previous = schedule.previous(Math.min(atMs - 1, untilMs));
    if (previous !== null && (previous.at > fromMs || schedules[0]?.schedule === schedule))
      before = previous.at;
    const next = schedule.next(Math.max(atMs, fromMs));
    if (after === null && next !== null && next.at <= untilMs) after = next.at;
  }
  if (isFinished && after !== null && after > nowMs) after = null;
  return { before: before === null ? null : isoOf(before), after: after === null ? null : isoOf(after) };
}
