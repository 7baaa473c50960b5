import { createHash } from "node:crypto";
import { parseCron } from "./cron.ts";
import type { Exception } from "./exception.ts";
import { FilteredSource } from "./filtered-source.ts";
import { parseException } from "./parse-exception.ts";
import type { Candidate, Schedule, ScheduleSpec, Tick, TickCount, TickSource } from "./schedule.ts";
import { AtSource, EverySource, MergedSource } from "./sources.ts";
import { checkTimezone, zoneOf } from "./zone.ts";

export interface ScheduleIssue {
  readonly field: "cron" | "every" | "at" | "timezone" | "except" | "start" | "end" | "jitter";
  /** The place in the list, where the field is one. */
  readonly index?: number;
  readonly problem: string;
}

export type ScheduleResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly issues: readonly ScheduleIssue[] };

/** Builds the schedule of a spec, or reports all problems of the spec together. */
export function createSchedule(spec: ScheduleSpec): ScheduleResult {
  const issues: ScheduleIssue[] = [...issuesOfNumbers(spec)];
  const zone = zoneOf(spec.timezone);
  if (zone === null) issues.push({ field: "timezone", problem: checkTimezone(spec.timezone) ?? "" });
  const source = readSource(spec, issues);
  const exceptions = readExceptions(spec, issues);
  if (issues.length > 0 || zone === null || source === null) return { ok: false, issues };
  const filtered = new FilteredSource({
    source: source.ticks,
    exceptions,
    zone,
    startMs: spec.startMs ?? Number.NEGATIVE_INFINITY,
    endMs: spec.endMs ?? Number.POSITIVE_INFINITY,
  });
  return {
    ok: true,
    schedule: new SpecSchedule({
      ticks: filtered,
      seed: spec.seed,
      jitterMs: spec.jitterMs,
      fingerprint: fingerprintOf(spec, source.canonical, exceptions),
    }),
  };
}

interface SpecScheduleOptions {
  readonly ticks: FilteredSource;
  readonly seed: string;
  readonly jitterMs: number;
  readonly fingerprint: string;
}

class SpecSchedule implements Schedule {
  readonly jitterMs: number;
  readonly fingerprint: string;
  readonly #ticks: FilteredSource;
  readonly #seed: string;

  constructor(options: SpecScheduleOptions) {
    this.jitterMs = options.jitterMs;
    this.fingerprint = options.fingerprint;
    this.#ticks = options.ticks;
    this.#seed = options.seed;
  }

  next(afterMs: number): Tick | null {
    return this.#ticks.next(afterMs);
  }

  previous(atMs: number): Tick | null {
    return this.#ticks.previous(atMs);
  }

  count(afterMs: number, upToMs: number, limit: number): TickCount {
    return this.#ticks.count(afterMs, upToMs, limit);
  }

  candidate(afterMs: number): Candidate | null {
    return this.#ticks.candidate(afterMs);
  }

  jitterOf(tickAtMs: number): number {
    if (this.jitterMs <= 0) return 0;
    const digest = createHash("sha256").update(`${this.#seed}@${tickAtMs}`).digest();
    return digest.readUIntBE(0, 6) % this.jitterMs;
  }
}

interface CanonicalSource {
  readonly ticks: TickSource;
  /** Equal for two sources that have the same ticks by definition. */
  readonly canonical: unknown;
}

/** The ticks before exceptions, start and end; null when a problem was found. */
function readSource(spec: ScheduleSpec, issues: ScheduleIssue[]): CanonicalSource | null {
  const given = [spec.cron, spec.everyMs, spec.at].filter(part => part !== undefined);
  if (given.length !== 1) {
    const field = spec.cron !== undefined || spec.everyMs === undefined ? "cron" : "every";
    const found = given.length === 0 ? "none of them" : `${given.length} of them`;
    issues.push({ field, problem: `expected exactly one of cron, every and at, found ${found}` });
    return null;
  }
  if (spec.everyMs !== undefined) return { ticks: new EverySource(spec.everyMs), canonical: spec.everyMs };
  if (spec.at !== undefined) {
    const at = [...new Set(spec.at)].sort((a, b) => a - b);
    return { ticks: new AtSource(at), canonical: at };
  }
  return readCron(spec, spec.cron ?? [], issues);
}

function readCron(
  spec: ScheduleSpec,
  texts: readonly string[],
  issues: ScheduleIssue[],
): CanonicalSource | null {
  if (texts.length === 0) issues.push({ field: "cron", problem: "the list of expressions is empty" });
  // With a bad zone the expressions are still checked, in UTC, so that all mistakes show together.
  const timezone = zoneOf(spec.timezone) === null ? "UTC" : spec.timezone;
  const expressions = texts.flatMap((text, index) => {
    const parsed = parseCron(text, { timezone, dst: spec.dst, seed: spec.seed });
    if (parsed.ok) return [parsed.expression];
    issues.push({ field: "cron", index, problem: parsed.problem });
    return [];
  });
  const [first] = expressions;
  if (first === undefined) return null;
  return {
    ticks: expressions.length === 1 ? first : new MergedSource(expressions),
    canonical: [...new Set(expressions.map(expression => expression.canonical))].sort(),
  };
}

function readExceptions(spec: ScheduleSpec, issues: ScheduleIssue[]): Exception[] {
  const { seed, calendars = {} } = spec;
  return spec.except.flatMap((text, index) => {
    const parsed = parseException(text, { seed, calendars });
    if (parsed.ok) return [parsed.exception];
    issues.push({ field: "except", index, problem: parsed.problem });
    return [];
  });
}

function* issuesOfNumbers(spec: ScheduleSpec): Generator<ScheduleIssue> {
  const { everyMs, at, startMs, endMs, jitterMs } = spec;
  if (everyMs !== undefined && !(Number.isSafeInteger(everyMs) && everyMs > 0)) {
    yield { field: "every", problem: `${everyMs} ms is not a period: expected whole milliseconds above 0` };
  }
  if (at?.length === 0) yield { field: "at", problem: "the list of instants is empty" };
  for (const [index, instant] of (at ?? []).entries()) {
    if (!isInstant(instant)) yield { field: "at", index, problem: `${instant} is not an instant` };
  }
  if (startMs !== undefined && !isInstant(startMs)) {
    yield { field: "start", problem: `${startMs} is not an instant` };
  }
  if (endMs !== undefined && !isInstant(endMs)) yield { field: "end", problem: `${endMs} is not an instant` };
  if (startMs !== undefined && endMs !== undefined && startMs > endMs) {
    yield { field: "end", problem: "the end is before the start: there is no tick" };
  }
  if (!(Number.isSafeInteger(jitterMs) && jitterMs >= 0)) {
    yield {
      field: "jitter",
      problem: `${jitterMs} ms is not a jitter: expected whole milliseconds, 0 or more`,
    };
  }
}

function isInstant(value: number): boolean {
  return Number.isInteger(value) && !Number.isNaN(new Date(value).getTime());
}

/** Zone and rules of daylight saving define ticks only where the wall clock is asked. */
function fingerprintOf(spec: ScheduleSpec, source: unknown, exceptions: readonly Exception[]): string {
  const asksWallClock = spec.cron !== undefined || exceptions.length > 0;
  const definition = {
    kind: spec.cron !== undefined ? "cron" : spec.everyMs !== undefined ? "every" : "at",
    source,
    timezone: asksWallClock ? spec.timezone : null,
    dst: spec.cron === undefined ? null : [spec.dst.gap, spec.dst.overlap],
    start: spec.startMs ?? null,
    end: spec.endMs ?? null,
    except: [...new Set(exceptions.map(exception => exception.canonical))].sort(),
  };
  return createHash("sha256").update(JSON.stringify(definition)).digest("hex").slice(0, 16);
}
