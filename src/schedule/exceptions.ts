import { parseCronFields } from "./cron.ts";
import { Pool } from "./pool.ts";
import { DAY_MS } from "./time-units.ts";
import { WallPattern } from "./wall-pattern.ts";

export type ExceptionResult =
  | { readonly ok: true; readonly exception: Exception }
  | { readonly ok: false; readonly problem: string };

/** One entry of `except`. */
export interface Exception {
  /** Equal for two exceptions that take away the same ticks. */
  readonly canonical: string;
  /** The stretch [start, end) of excepted time that holds the moment, or null when the moment is not excepted. */
  stretchAt(instant: number, wall: number): Stretch | null;
}

export interface Stretch {
  /** `wall`: both ends are times on the zone's wall clock; `instant`: they are instants. */
  readonly clock: "wall" | "instant";
  readonly start: number;
  readonly end: number;
}

/** Cron exceptions by text, for the schedules that share them; no zone is part of them. */
const pool = new Pool<Exception>(1_000);

/** Reads one entry of `except`: a local date, an instant with its offset, or a cron expression. */
export function parseException(text: string, seed: string): ExceptionResult {
  const known = pool.get(text);
  if (known !== undefined) return { ok: true, exception: known };
  const trimmed = text.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(trimmed)) return parseDate(trimmed);
  if (/^\d{4}-\d{2}-\d{2}T/i.test(trimmed)) return parseInstant(trimmed);
  const parsed = parseCronFields(trimmed, seed);
  if (!parsed.ok) return parsed;
  // Five fields name whole minutes: a schedule with seconds must not slip through between them.
  const fields = parsed.hasSeconds ? parsed.fields : { ...parsed.fields, seconds: ALL_SECONDS };
  const exception = cronException(new WallPattern(fields), JSON.stringify(fields));
  if (!parsed.isHashed) pool.put(text, exception);
  return { ok: true, exception };
}

const ALL_SECONDS = Array.from({ length: 60 }, (_, second) => second);

function cronException(pattern: WallPattern, canonical: string): Exception {
  return {
    canonical,
    stretchAt: (_, wall) => (pattern.matches(wall) ? { clock: "wall", ...pattern.blockAround(wall) } : null),
  };
}

function parseDate(text: string): ExceptionResult {
  const start = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(text)) {
    return { ok: false, problem: `"${text}" is not a date of the calendar` };
  }
  return { ok: true, exception: stretchException("wall", start, start + DAY_MS) };
}

function parseInstant(text: string): ExceptionResult {
  if (!/(Z|[+-]\d{2}:\d{2})$/i.test(text)) {
    return {
      ok: false,
      problem: `"${text}" has no offset: expected an instant such as 2026-12-24T18:00:00Z`,
    };
  }
  const start = Date.parse(text);
  if (Number.isNaN(start)) {
    return { ok: false, problem: `"${text}" is not an instant: expected one such as 2026-12-24T18:00:00Z` };
  }
  return { ok: true, exception: stretchException("instant", start, start + 1) };
}

function stretchException(clock: Stretch["clock"], start: number, end: number): Exception {
  const stretch: Stretch = { clock, start, end };
  return {
    canonical: `${clock} ${start}`,
    stretchAt: (instant, wall) => {
      const moment = clock === "wall" ? wall : instant;
      return moment >= start && moment < end ? stretch : null;
    },
  };
}
