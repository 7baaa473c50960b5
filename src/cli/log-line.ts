import type { styleText } from "node:util";
import { printable } from "../config/document/describe.ts";
import type { EventMap, EventName } from "../event-map.ts";
import { EVENT_RULES } from "../event-rules.ts";
import type { EndCause } from "../reasons.ts";

export type Style = Parameters<typeof styleText>[0];
/** Puts a style around a text, or not: that is the caller's business. */
export type Paint = (style: Style, text: string) => string;

export interface LineSource {
  /** `replica-1`; the id in a replica's own log lines is longer, because it is new with every start. */
  readonly name: string;
  readonly style: Style;
  /** The width of the column of names. */
  readonly width?: number;
}

/** A line of a replica's log, or of a handler's. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** Null when the line is not a log record but, say, a handler's `console.log`. */
export function parseLogLine(line: string): LogRecord | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && typeof value["level"] === "string" ? value : null;
  } catch {
    return null;
  }
}

/** Whether stderr has it as well: what ends a process, and why one cannot start with its configuration. */
export function isOnStderr({ event, replica }: LogRecord): boolean {
  return event === "replica.failed" || (event === "config.rejected" && replica === undefined);
}

/** `12:30:05.123  replica-1-7f3a09  leader.elected     term 3 after replica-2-09bc41 (crashed), no leader for 84 ms` */
export function formatLogRecord(
  record: LogRecord,
  source: LineSource,
  paint: Paint,
  at: Date | null = timeOf(record),
): string {
  const { event, replica, level } = record;
  const name = typeof replica === "string" ? replica : source.name;
  const label = (typeof event === "string" ? printable(event) : "log").padEnd(18);
  return joinColumns(at, { ...source, name }, paint, [
    paint(LEVEL_STYLES.get(String(level)) ?? "bold", label),
    printableLines(describe(record)),
  ]);
}

/** A line that is not a log record, with the time at which it came; null where that is not known. */
export function formatPlainLine(text: string, at: Date | null, source: LineSource, paint: Paint): string {
  return joinColumns(at, source, paint, [text]);
}

/** For replicas, alternately. Yellow and red are for warnings and errors. */
export function replicaStyle(index: number): Style {
  const styles = ["cyan", "magenta", "green", "blue", "cyanBright", "magentaBright", "greenBright"] as const;
  return styles[index % styles.length] ?? "cyan";
}

const LEVEL_STYLES: ReadonlyMap<string, Style> = new Map<string, Style>([
  ["debug", "dim"],
  ["warn", ["bold", "yellow"]],
  ["error", ["bold", "red"]],
  ["fatal", ["bold", "red"]],
]);

/** The values that a person needs; an event that is not here shows all of its fields. */
const DESCRIPTIONS: { readonly [K in EventName]?: (fields: EventMap[K]) => string } = {
  "replica.started": f =>
    `pid ${f.pid}, ${list(f.roles)}, generation ${f.generation}${f.http === undefined ? "" : `, ${f.http}`}${f.admin === undefined ? "" : `, dashboard ${f.admin}`}`,
  "replica.stopping": f => `reason: ${f.reason}`,
  "replica.exited": f =>
    `exit code ${f.exitCode}${f.run === null ? "" : `, by ${f.run}`}; in progress: ${f.runs.join(", ")}`,
  "replica.stopped": f => (f.clean ? "clean" : "not clean: something was cut short"),
  "leader.elected": f => `term ${f.term}${beginning(f)}`,
  "leader.observed": f => `follows ${f.leader}, term ${f.term}${beginning(f)}`,
  "leader.resigned": f => `term ${f.term} (${why(f)})`,
  "leader.lost": f => `term ${f.term} (${why(f)})`,
  "leader.absent": f => `no leader known for ${f.forMs} ms: ${f.error}`,
  "bid.failing": f => `${f.leader} leads, and for ${f.forMs} ms this replica could not take over: ${f.error}`,
  "tick.launched": f => `${f.run}, term ${f.term}, ${f.lateMs} ms late`,
  "tick.skipped": f =>
    `${f.job} at ${f.tick}: ${f.reason}${f.run === undefined ? "" : ` (${f.run})`}${severalTicks(f)}`,
  "tick.missed": f => `${f.job} at ${f.tick}: ${f.reason}${severalTicks(f)}`,
  "job.overdue": f => `${f.job}, due at ${f.tick}, ${f.forMs} ms ago`,
  "run.completed": f => `${f.run} in ${f.durationMs} ms${attempt(f.attempt)}`,
  "run.failed": f =>
    `${f.run} after ${f.durationMs} ms${attempt(f.attempt)}, ` +
    `${f.final ? "no attempt is left" : "will be tried again"}: ${withPlace(f)}`,
  "run.returned": f => `${f.run}: ${f.reason}`,
  "run.strayError": f => `${f.run ?? "no run known"}: ${withPlace(f)}`,
  "config.loaded": f =>
    `generation ${f.generation}, ${f.jobs} jobs, ${f.hash}` +
    named("added", f.added) +
    named("removed", f.removed) +
    named("changed", f.changed) +
    (f.unnamed === undefined ? "" : `; and ${f.unnamed} more`) +
    (f.needsRestart === undefined ? "" : `; until a restart the old ${list(f.needsRestart)}`),
  "config.differs": f =>
    (f.otherHash === f.hash
      ? ""
      : `${f.other} carries other jobs (${f.otherHash}) in generation ${f.generation}`) +
    (f.otherHash === f.hash || f.zones === undefined ? "" : "; ") +
    (f.zones === undefined
      ? ""
      : `${f.other} has tz data ${f.otherTz}, this replica ${f.tz}: ${list(f.zones)} differ`),
  "namespace.shared": f =>
    `${f.other} of generation ${f.otherGeneration} has none of the jobs of generation ${f.generation}`,
  "config.resolved": f => `taken back: generation ${f.generation}, ${f.hash}`,
  "handlers.changed": f => `${list(f.files)}: in force after a restart`,
  "config.unread": f => f.problem,
  "config.rejected": f => list(f.mistakes, "\n"),
  "redis.warning": f => `${f.problem}; ${f.advice}`,
};

/** What every line has anyway, or what its first columns say. */
const HIDDEN = new Set(["level", "time", "pid", "hostname", "namespace", "replica", "event", "msg"]);

function describe(record: LogRecord): string {
  const { event, msg } = record;
  const isKnown = typeof event === "string" && Object.hasOwn(EVENT_RULES, event);
  const sentence = isKnown ? DESCRIPTIONS[event as EventName] : undefined;
  try {
    const text = (sentence as ((fields: LogRecord) => unknown) | undefined)?.(record);
    if (typeof text === "string") return text;
  } catch {
    // Its fields are not those of the event: another program wrote the line, or a release of other rules.
  }
  const pairs = Object.entries(record).filter(([key]) => !HIDDEN.has(key));
  const values = pairs.map(([key, value]) => `${key}=${inline(value)}`).join(" ");
  // The message of a known event only says its name again.
  return isKnown || typeof msg !== "string" ? values : `${msg}  ${values}`.trimEnd();
}

function inline(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  // pino's form of an Error
  if (isRecord(value) && typeof value["stack"] === "string") return value["stack"];
  return JSON.stringify(value);
}

function named(what: string, jobs: readonly string[] | undefined): string {
  return jobs === undefined ? "" : `; ${what}: ${list(jobs)}`;
}

/** ` after replica-2-09bc41 (resigned: stepdown by ann), no leader for 4 ms` */
function beginning(told: Partial<EventMap["leader.observed"]>): string {
  const { reason, previous, vacantMs } = told;
  if (reason === undefined) return "";
  return (
    (previous == null ? "" : ` after ${previous}`) +
    ` (${why({ ...told, reason })})` +
    (vacantMs == null ? "" : `, no leader for ${vacantMs} ms`)
  );
}

/** The cause, where it says more than the reason. */
function why({ reason, cause, by, error }: Partial<EndCause> & { readonly reason: string }): string {
  const says = cause === undefined || cause === reason || cause === "first" ? reason : `${reason}: ${cause}`;
  return says + (by === undefined ? "" : ` by ${by}`) + (error === undefined ? "" : `: ${error}`);
}

function list(items: readonly string[] | undefined, separator = ", "): string {
  return (items ?? []).join(separator);
}

function attempt(number: number): string {
  return number > 1 ? ` (attempt ${number})` : "";
}

function severalTicks({ count, from }: { readonly count?: number; readonly from?: string }): string {
  return count === undefined || from === undefined ? "" : ` (${count} ticks since ${from})`;
}

function joinColumns(at: Date | null, source: LineSource, paint: Paint, rest: readonly string[]): string {
  const { name, style, width = 16 } = source;
  const time = at === null ? " ".repeat(12) : paint("dim", timeOfDay(at));
  return [time, paint(style, printable(name).padEnd(width)), ...rest].join("  ").trimEnd();
}

/** In local time, like the clock on the wall. */
function timeOfDay(at: Date): string {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** A record without a usable time happened about now. */
function timeOf({ time }: LogRecord): Date {
  const date = new Date(typeof time === "string" || typeof time === "number" ? time : Number.NaN);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

/** A foreign text that steers no terminal and forges no line of the log: further lines are indented. */
function printableLines(text: string): string {
  return text.replaceAll("\t", "  ").split("\n").map(printable).join("\n      ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What went wrong, and where it did. */
function withPlace({ error, stack }: { readonly error: string; readonly stack?: string }): string {
  return stack === undefined ? error : `${error}\n${stack}`;
}
