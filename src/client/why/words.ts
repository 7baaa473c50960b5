import type { HistoryRow } from "../../launch/read-history.ts";
import { durationText } from "../../schedule/duration.ts";
import { formatLocal } from "../local-time.ts";
import type { WhyFacts } from "./facts.ts";
import type { Cause, CauseKind, Why } from "./why.ts";

/** What was found out about an instant. */
export interface Finding extends Pick<Why, "verdict" | "reasonCode" | "cause"> {
  /** What was decided. */
  readonly row: HistoryRow | null;
  /** Backfills of the same tick. */
  readonly extra: readonly HistoryRow[];
  readonly isTick: boolean;
  /** What daylight saving did to the tick. */
  readonly note: string | null;
}

interface About extends Pick<Why, "nearest"> {
  readonly atMs: number;
  readonly timezone: string;
}

/** The one text of an answer: a sentence for what happened, one for why, and what belongs to it. */
export function textOf(facts: WhyFacts, finding: Finding, about: About): string {
  const { row, cause, extra, note } = finding;
  const sentences = [
    headline(facts, finding, about),
    note === null ? "" : `Daylight saving: ${note}.`,
    cause === null ? recordedReason(row) : causeText(cause, facts),
    row?.run === undefined ? "" : runText(row, facts),
    ...extra.map(({ run, by = "an operator" }) => `${by} filled it in with the run ${run}.`),
    finding.verdict === "not_a_tick" ? nearestText(about) : "",
  ];
  return sentences.filter(Boolean).join(" ");
}

/** What a record says that this release does not know. */
function recordedReason(row: HistoryRow | null): string {
  return row?.reason === undefined ? "" : `The reason on record: ${row.reason}.`;
}

function headline({ job, nowMs }: WhyFacts, { verdict, row, cause }: Finding, about: About): string {
  const { atMs, timezone } = about;
  const tick = timeText(atMs, timezone);
  switch (verdict) {
    case "launched":
      if (row === null) return `${job} was launched for the tick ${tick}, and its run completed.`;
      return `${job} was launched for the tick ${tick}, ${lateText(row.lateMs)}, in term ${row.term}.`;
    case "skipped":
    case "missed":
      return `The tick ${tick} of ${job} was ${verdict}${groupText(row)}.`;
    case "held":
      return `The tick ${tick} of ${job} has been due for ${lengthText(nowMs - atMs)} and is not decided yet.`;
    case "not_yet":
      if (atMs <= nowMs) return `The tick ${tick} of ${job} has not been let go yet.`;
      return `The tick ${tick} of ${job} comes in ${lengthText(atMs - nowMs)}.`;
    case "not_a_tick":
      return `${job} has no tick at ${tick}.`;
    case "unknown":
      if (cause?.kind === "folded")
        return `It is not on record by itself what became of the tick ${tick} of ${job}.`;
      return cause?.kind === "record" || cause === null
        ? `It is not on record what became of the tick ${tick} of ${job}.`
        : `No tick of ${job} was decided at ${tick}.`;
  }
}

function lateText(lateMs: number): string {
  return lateMs < 1 ? "on time" : `${lengthText(lateMs)} after it was due`;
}

function groupText(row: HistoryRow | null): string {
  if (row?.count === undefined || row.from === undefined) return "";
  return `, together with the other ${row.count - 1} from ${shortIso(row.from)} to ${shortIso(row.tick)}`;
}

type Texts = { readonly [K in CauseKind]: (cause: Cause, facts: WhyFacts) => string };

const TEXTS: Texts = {
  pause: ({ by = "an operator", since, until, reason }, { pause }) => {
    const why = reason === undefined ? "" : ` (${reason})`;
    const is = pause !== null && since === new Date(pause.atMs).toISOString() ? "is" : "was";
    return `The job ${is} paused by ${by}${sinceText(since)}${untilText(until)}${why}.`;
  },
  skip_next: ({ by = "an operator", since }) =>
    `${by} asked for it to be skipped${since === undefined ? "" : ` at ${shortIso(since)}`} (skip-next).`,
  overlap: ({ run }, { schedules, waitsFor }) => {
    const policy = schedules.at(-1)?.overlap ?? "";
    const what = run === undefined ? "Another run of the job" : `The run ${run}`;
    return `${what} ${run === waitsFor ? "has" : "had"} not ended, and the job has overlap: ${policy}.`;
  },
  policy: () => "",
  leader_gap: gapText,
  generation: gapText,
  calendar: ({ reason }) => `It is excluded by the ${reason}.`,
  except: ({ reason }) => `It is excluded by ${reason}.`,
  bounds: ({ reason }) => `It is ${reason}.`,
  dst: ({ reason }) => `Daylight saving: ${reason}.`,
  finished: (_, { schedules }) =>
    `The job has finished: it has launched ${schedules.at(-1)?.maxRuns ?? "all of its"} ticks (maxRuns).`,
  schedule: ({ since, until, reason }) => {
    if (reason !== undefined) return `The schedule changed${atText(until ?? since)}: ${reason}.`;
    return `The schedule changed, and the one before is not known: no tick from ${shortIso(since ?? "")} to ${shortIso(until ?? "")} was decided.`;
  },
  removed: () => "The job was removed from the configuration.",
  quarantine: ({ since, reason }) =>
    `The leader has not launched the job${sinceText(since)}, and tries again at growing intervals: ${reason}.`,
  jitter: ({ until }) => `The job's jitter lets it go${atText(until)}.`,
  silenced: ({ until }) =>
    `It will not be launched: the clock of Redis was ahead, so ticks${untilText(until)} count as decided.`,
  new_job: ({ until }) =>
    until === undefined
      ? "No leader has led the job yet."
      : `Redis did not know the job before ${shortIso(until)}, or has lost what it knew.`,
  leader: ({ term, since }) =>
    `There is a leader, in term ${term}${sinceText(since)}: \`bellwether status\` and its log say what keeps it from launching.`,
  folded: ({ since, until = "", reason = "" }) => {
    const when = since === undefined ? `up to ${shortIso(until)}` : `of the hour from ${shortIso(since)}`;
    return `Of the runs and ticks ${when} only counts are kept (history.memory): ${reason}.`;
  },
  record: ({ since }) =>
    since === undefined ? "The job has no history." : `Its history begins at ${shortIso(since)}.`,
};

function causeText(cause: Cause, facts: WhyFacts): string {
  const { kind, policy } = cause;
  const told = policy === undefined ? "" : `The catch-up policy of the job passed over it: ${policy}.`;
  return [TEXTS[kind](cause, facts), told].filter(Boolean).join(" ");
}

function gapText({ gapMs, since, until, term, reason, by }: Cause): string {
  const length = gapMs === undefined ? "" : ` for ${lengthText(gapMs)}`;
  const what =
    until === undefined
      ? `There has been no leader${length}${sinceText(since)}`
      : `There was no leader${length}, until term ${term} began at ${shortIso(until)}`;
  const asked = by === undefined ? "" : ` (asked by ${by})`;
  return reason === undefined ? `${what}.` : `${what}: ${reason}${asked}.`;
}

function runText(row: HistoryRow, { notes }: WhyFacts): string {
  const { run = "", result, error, attempts, durationMs, replica } = row;
  const own = notes.filter(note => note.run === run);
  const told = own.map(
    ({ atMs, reason }) => `A replica noted at ${shortIso(new Date(atMs).toISOString())}: ${reason}.`,
  );
  const where = replica === undefined ? "" : ` on ${replica}`;
  const times = attempts === undefined || attempts < 2 ? "" : ` in attempt ${attempts}`;
  const took = durationMs === undefined ? "" : `, after ${lengthText(durationMs)}`;
  const why = error === undefined ? "" : `: ${error}`;
  const end = result === undefined ? "has not ended" : `${RESULTS[result]}${times}${where}${took}${why}`;
  return [`Its run ${run} ${end}.`, ...told].join(" ");
}

const RESULTS: { readonly [R in NonNullable<HistoryRow["result"]>]: string } = {
  completed: "completed",
  failed: "failed",
  removed: "was removed",
  unknown: "ended in a way that is not known",
};

function nearestText({ nearest: { before, after }, timezone }: About): string {
  const text = (tick: string) => timeText(Date.parse(tick), timezone);
  const parts = [
    ...(before === null ? [] : [`the one before is ${text(before)}`]),
    ...(after === null ? [] : [`the next is ${text(after)}`]),
  ];
  return parts.length === 0 ? "It has no ticks at all." : `Of its ticks ${parts.join(", and ")}.`;
}

function sinceText(since: string | undefined): string {
  return since === undefined ? "" : ` since ${shortIso(since)}`;
}

function untilText(until: string | undefined): string {
  return until === undefined ? "" : ` until ${shortIso(until)}`;
}

function atText(at: string | undefined): string {
  return at === undefined ? "" : ` at ${shortIso(at)}`;
}

/** `2026-03-08T07:30:00Z (2026-03-08 03:30 EDT)`; in UTC the first alone. */
function timeText(atMs: number, timezone: string): string {
  const utc = shortIso(new Date(atMs).toISOString());
  return timezone === "UTC" || timezone === "" ? utc : `${utc} (${formatLocal(atMs, timezone)})`;
}

function shortIso(iso: string): string {
  return iso.replace(".000Z", "Z");
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** Exact to the ms below a minute, to the second above. */
function lengthText(ms: number): string {
  const rounded = ms < MINUTE_MS ? Math.round(ms) : Math.round(ms / SECOND_MS) * SECOND_MS;
  return rounded < 1 ? "less than 1ms" : durationText(rounded);
}
