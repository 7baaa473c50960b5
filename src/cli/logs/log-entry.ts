import { type LogRecord, parseLogLine } from "../log-line.ts";

/** A line of a log, and its place among those of other logs. */
export interface LogEntry {
  /** Null: neither the line nor one before it has a time. */
  readonly atMs: number | null;
  /** The order of lines of one millisecond: of a handoff first the end of the old term, then the new one. */
  readonly rank: number;
  /** Where the line comes from, in the words of what printed it; the file's name otherwise. */
  readonly source: string;
  readonly isRecord: boolean;
  /** A JSON object, if it is a record, or any text. */
  readonly text: string;
}

export interface ParsedLine {
  readonly entry: LogEntry;
  /** Null: the line is no record of a log. */
  readonly record: LogRecord | null;
}

/** `[pod/name/container]` of `kubectl logs --prefix`. */
const KUBECTL = /^\[pod\/([^/\]]+)\/[^\]]+\] /;
/** `name  | ` of `docker compose logs`. */
const COMPOSE = /^(\S{1,200}) +\| /;
/** What `--timestamps` puts before a line, and the files of a container runtime as well. */
const TIMESTAMP =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (?:(?:stdout|stderr) [FP] )?/;
/** How each record of a replica begins: it may follow a prefix that is not known here. */
const RECORD = '{"level":"';

/** What a line says, whatever printed it: the replica itself, kubectl, docker compose or another collector. */
export function parseEntry(line: string, file: string): ParsedLine {
  const prefix = line.startsWith("{") ? null : (KUBECTL.exec(line) ?? COMPOSE.exec(line));
  const rest = prefix === null ? line : line.slice(prefix[0].length);
  const stamp = TIMESTAMP.exec(rest);
  const text = stamp === null ? rest : rest.slice(stamp[0].length);
  const source = prefix?.[1] ?? file;
  const direct = parseLogLine(text);
  if (direct) return recordOf(direct, text, source);

  const at = text.indexOf(RECORD);
  const embedded = at > 0 ? parseLogLine(text.slice(at)) : null;
  if (embedded) return recordOf(embedded, text.slice(at), source);
  return { entry: { atMs: instantOf(stamp?.[1]), rank: 0, source, isRecord: false, text }, record: null };
}

/**
 * Lines about a handoff are placed by the store's time, which is the same for all replicas. Their own clocks may differ by
 * more than a handoff takes, and a frozen replica reports the end of its term long after it.
 */
function recordOf(record: LogRecord, text: string, source: string): ParsedLine {
  const phase = phaseOf(record);
  const atMs = (phase === null ? null : instantOf(record["at"])) ?? instantOf(record["time"]);
  return { entry: { atMs, rank: phase ?? 0, source, isRecord: true, text }, record };
}

/** The place in a handoff: the end of the term before, the new leader's line, those of its followers. */
function phaseOf({ event, term }: LogRecord): number | null {
  if (typeof term !== "number") return null;
  if (isEnd(event)) return (term + 1) * 3;
  if (event === "leader.elected") return term * 3 + 1;
  return event === "leader.observed" ? term * 3 + 2 : null;
}

export function isEnd(event: unknown): boolean {
  return event === "leader.resigned" || event === "leader.lost";
}

export function isBeginning(event: unknown): boolean {
  return event === "leader.elected" || event === "leader.observed";
}

/** ISO 8601, or epoch milliseconds as pino writes them by default. */
export function instantOf(value: unknown): number | null {
  const ms = new Date(typeof value === "string" || typeof value === "number" ? value : Number.NaN).getTime();
  return Number.isNaN(ms) ? null : ms;
}
