import { createHash } from "node:crypto";
import { clockChanges } from "../schedule/clock-changes.ts";
import { asksWallClock } from "../schedule/spec.ts";
import { zoneOf } from "../schedule/zone.ts";
import type { Job } from "./config.ts";

/**
 * What this runtime's tz database says of the zones that jobs use. Two replicas with different versions may have
 * different ticks for the same job definitions, so replicas compare what the zones do in the years that matter.
 */
export interface ZoneData {
  /** The version of the database, such as 2026c. */
  readonly tz: string;
  /** By zone and year, `Europe/Berlin 2026`: a hash of the zone's clocks in that year. */
  readonly zones: Readonly<Record<string, string>>;
}

const YEARS = 2;

/** The zones whose clocks the jobs go by, in this calendar year and the next one. */
export function zoneDataOf(jobs: readonly Job[], nowMs: number): ZoneData {
  const asked = new Set<string>();
  for (const { spec } of jobs) {
    if (asked.has(spec.timezone)) continue;
    if (asksWallClock(spec) || spec.except.length > 0) asked.add(spec.timezone);
  }
  const names = [...asked].sort();
  const first = new Date(nowMs).getUTCFullYear();
  const years = Array.from({ length: YEARS }, (_, index) => first + index);
  const entries = names.flatMap(name =>
    years.map(year => [`${name} ${year}`, hashYear(name, year)] as const),
  );
  return { tz: process.versions["tz"] ?? "unknown", zones: Object.fromEntries(entries) };
}

/** Eight hex digits: equal for two replicas exactly when their zones do the same. */
export function hashZones({ zones }: ZoneData): string {
  return digest(JSON.stringify(Object.entries(zones).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function hashYear(name: string, year: number): string {
  const [from, to] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
  const changes = clockChanges(name, from, to).map(({ at, offsetAfter }) => [at, offsetAfter]);
  return digest(JSON.stringify([zoneOf(name)?.offsetAt(from), ...changes]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
