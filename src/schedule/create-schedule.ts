import { createHash } from "node:crypto";
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

/** Builds the schedule of a spec, or reports all problems of the spec together. */
export function createSchedule(spec: ScheduleSpec): ScheduleResult {
  const issues: ScheduleIssue[] = [...issuesOfNumbers(spec)];
  const zone = zoneOf(spec.timezone);
  if (zone === null) issues.push({ field: "timezone", problem: checkTimezone(spec.timezone) ?? "" });
  const ticks = readTicks(spec, issues);
  const exceptions = readExceptions(spec, issues);
  if (issues.length > 0 || zone === null || ticks === null) return { ok: false, issues };
  const fingerprint = fingerprintOf(spec, ticks, exceptions);
  return {
    ok: true,
    schedule: new FilteredSchedule({ spec, source: ticks.source, exceptions, zone, fingerprint }),
  };
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
