import type { z } from "zod";
import { Calendar } from "./calendar.ts";
import type { ScheduleKind } from "./schedule-kind.ts";
import { SCHEDULE_KINDS } from "./schedule-kinds.ts";
import type { KindFields, ScheduleSpec } from "./spec.ts";

/**
 * The version of the rules by which a spec becomes ticks. It grows with a release that reads a spec differently, and such
 * a release keeps the rules before it for as long as stored specs name them.
 */
export const SCHEDULE_RULES = 1;

/** A spec as text can hold it: calendars are named by their content, because many jobs share large ones. */
export interface StoredSpec extends Omit<ScheduleSpec, "calendars"> {
  /** What `except` calls the calendar → `Calendar.canonical`. */
  readonly calendars?: Readonly<Record<string, string>>;
}

/** Reads the fields of the kinds in a stored spec. */
export const STORED_FIELDS = Object.fromEntries(
  SCHEDULE_KINDS.map(({ field, stored }: ScheduleKind) => [field, stored.exactOptional()]),
) as { [F in keyof KindFields]-?: z.ZodExactOptional<z.ZodType<NonNullable<KindFields[F]>>> };

/** What is stored of a spec, and its calendars by `Calendar.canonical`. */
export function storeSpec(spec: ScheduleSpec): {
  spec: StoredSpec;
  calendars: ReadonlyMap<string, Calendar>;
} {
  const { calendars, ...rest } = spec;
  if (calendars === undefined) return { spec: rest, calendars: new Map() };
  const named = Object.entries(calendars);
  return {
    spec: { ...rest, calendars: Object.fromEntries(named.map(([name, { canonical }]) => [name, canonical])) },
    calendars: new Map(named.map(([, calendar]) => [calendar.canonical, calendar])),
  };
}

/** The spec that was stored, or null when one of its calendars is not there. `coverageOf` answers with `Calendar.coverage`. */
export function restoreSpec(
  stored: StoredSpec,
  coverageOf: (canonical: string) => readonly (readonly number[])[] | null,
): ScheduleSpec | null {
  const { calendars, ...rest } = stored;
  if (calendars === undefined) return rest;
  const restored: [string, Calendar][] = [];
  for (const [name, canonical] of Object.entries(calendars)) {
    const coverage = coverageOf(canonical);
    if (coverage === null) return null;
    restored.push([name, Calendar.covering(name, coverage)]);
  }
  return { ...rest, calendars: Object.fromEntries(restored) };
}
