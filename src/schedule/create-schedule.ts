import { createHash } from "node:crypto";
import { BoundedCache } from "./bounded-cache.ts";
import type { Exception } from "./exception.ts";
import { FilteredSchedule } from "./filtered-schedule.ts";
import { parseException } from "./parse-exception.ts";
import type { Schedule } from "./schedule.ts";
import type { KindTicks, ScheduleKind } from "./schedule-kind.ts";
import { SCHEDULE_KINDS } from "./schedule-kinds.ts";
import { kindsIn, type ScheduleSpec } from "./spec.ts";
import { isInstant } from "./time-units.ts";
import { checkTimezone, zoneOf } from "./zone.ts";

export interface ScheduleIssue {
  /** The key in a job. */
  readonly field: string;
  /** The place in the list, where the field is one. */
  readonly index?: number;
  readonly problem: string;
}

export type ScheduleResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly issues: readonly ScheduleIssue[] };

/** As many as the pool of expressions holds. */
const POOL_LIMIT = 10_000;
/** By spec as written. */
const byText = new BoundedCache<Schedule>(POOL_LIMIT);
/** By fingerprint: `H * * * *` of 100,000 jobs has 60 meanings. */
const byMeaning = new BoundedCache<Schedule>(POOL_LIMIT);

/**
 * Builds the schedule of a spec, or reports all problems of the spec together. Specs with the same ticks share one
 * schedule.
 */
export function createSchedule(spec: ScheduleSpec): ScheduleResult {
  const text = textOf(spec);
  const known = text === null ? undefined : byText.get(text);
  if (known !== undefined) return { ok: true, schedule: known };
  const created = build(spec);
  if (text !== null && created.ok) byText.put(text, created.schedule);
  return created;
}

/** Whether all specs that are the same but for their seeds have the same ticks. */
export function hasSharedTicks(spec: ScheduleSpec): boolean {
  return textOf(spec) !== null;
}

/** What decides about the ticks of a spec, as text; null where also the name of the job does, or a calendar. */
function textOf(spec: ScheduleSpec): string | null {
  const { seed: _, jitterMs, calendars, timezone, dst, startMs, endMs, except, ...kinds } = spec;
  if (jitterMs !== 0 || calendars !== undefined) return null;
  const text = JSON.stringify([kinds, timezone, dst.gap, dst.overlap, startMs, endMs, except]);
  return HASHED.test(text) ? null : text;
}

/** An `H` that is no part of a word, such as THU: perhaps a field that is hashed. */
const HASHED = /(?<![a-z])h(?![a-z])/i;

function build(spec: ScheduleSpec): ScheduleResult {
  const issues: ScheduleIssue[] = [...issuesOfNumbers(spec)];
  const zone = zoneOf(spec.timezone);
  if (zone === null) issues.push({ field: "timezone", problem: checkTimezone(spec.timezone) ?? "" });
  const ticks = readTicks(spec, issues);
  const exceptions = readExceptions(spec, issues);
  if (issues.length > 0 || zone === null || ticks === null) return { ok: false, issues };
  const fingerprint = fingerprintOf(spec, ticks, exceptions);
  const isShared = spec.jitterMs === 0 && exceptions.length === 0;
  const known = isShared ? byMeaning.get(fingerprint) : undefined;
  const schedule =
    known ?? new FilteredSchedule({ spec, source: ticks.source, exceptions, zone, fingerprint });
  if (isShared) byMeaning.put(fingerprint, schedule);
  return { ok: true, schedule };
}

interface NamedTicks extends KindTicks {
  readonly kind: ScheduleKind;
}

/** The ticks before exceptions, start and end; null when a problem was found. */
function readTicks(spec: ScheduleSpec, issues: ScheduleIssue[]): NamedTicks | null {
  const given = kindsIn(spec);
  const [first, ...others] = given;
  if (first === undefined || others.length > 0) {
    const keys = SCHEDULE_KINDS.map(({ key }) => key);
    const expected = `expected exactly one of ${new Intl.ListFormat("en-GB").format(keys)}`;
    const found = first === undefined ? "none of them" : `${given.length} of them`;
    issues.push({ field: (first?.kind ?? SCHEDULE_KINDS[0]).key, problem: `${expected}, found ${found}` });
    return null;
  }
  const { kind, value } = first;
  const ticks = kind.read(value, spec, issue => issues.push({ field: kind.key, ...issue }));
  return ticks && { kind, ...ticks };
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
  const { startMs, endMs, jitterMs } = spec;
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

/** Zone and rules of daylight saving define ticks only where the wall clock is asked. */
function fingerprintOf(
  spec: ScheduleSpec,
  { kind, canonical }: NamedTicks,
  exceptions: readonly Exception[],
): string {
  const definition = {
    kind: kind.key,
    source: canonical,
    timezone: kind.asksWallClock || exceptions.length > 0 ? spec.timezone : null,
    dst: kind.asksWallClock ? [spec.dst.gap, spec.dst.overlap] : null,
    start: spec.startMs ?? null,
    end: spec.endMs ?? null,
    except: [...new Set(exceptions.map(exception => exception.canonical))].sort(),
  };
  return createHash("sha256").update(JSON.stringify(definition)).digest("hex").slice(0, 16);
}
