import { BoundedCache } from "./bounded-cache.ts";
import type { Calendar } from "./calendar.ts";
import { parseCronFields } from "./cron.ts";
import type { Exception, Stretch } from "./exception.ts";
import { DAY_MS } from "./time-units.ts";
import { WallPattern } from "./wall-pattern.ts";

export type ExceptionResult =
  | { readonly ok: true; readonly exception: Exception }
  | { readonly ok: false; readonly problem: string };

export interface ExceptionContext {
  /** What `H` is hashed from. */
  readonly seed: string;
  /** By name. */
  readonly calendars: Readonly<Record<string, Calendar>>;
}

/** No cron expression, date or instant begins like this. */
const CALENDAR_PREFIX = "calendar:";

/** Cron exceptions by text, for the schedules that share them; no zone is part of them. */
const cache = new BoundedCache<Exception>(1_000);

/** Reads one entry of `except`: a local date, an instant with its offset, a calendar, or a cron expression. */
export function parseException(text: string, { seed, calendars }: ExceptionContext): ExceptionResult {
  const known = cache.get(text);
  if (known !== undefined) return { ok: true, exception: known };
  const trimmed = text.trim();
  const calendar = calendarNameOf(trimmed);
  if (calendar !== null) return findCalendar(calendar, calendars);
  const date = parseDate(trimmed);
  if (date !== null) return date;
  if (/^\d{4}-\d{2}-\d{2}T/i.test(trimmed)) return parseInstant(trimmed);
  const parsed = parseCronFields(trimmed, seed);
  if (!parsed.ok) return parsed;
  // Five fields name whole minutes: a schedule with seconds must not slip through between them.
  const fields = parsed.hasSeconds ? parsed.fields : { ...parsed.fields, seconds: ALL_SECONDS };
  const exception = cronException(trimmed, new WallPattern(fields), JSON.stringify(fields));
  if (!parsed.isHashed) cache.put(text, exception);
  return { ok: true, exception };
}

/** The name in `calendar:NAME`, or null when the entry of `except` is none. */
export function calendarNameOf(text: string): string | null {
  return text.startsWith(CALENDAR_PREFIX) ? text.slice(CALENDAR_PREFIX.length).trim() : null;
}

/** The stretch of a local date such as `2026-12-24`, or null when there is no such day. */
export function dateStretch(text: string): Stretch | null {
  const start = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(text)) return null;
  return { clock: "wall", start, end: start + DAY_MS };
}

function findCalendar(name: string, calendars: Readonly<Record<string, Calendar>>): ExceptionResult {
  const calendar = Object.hasOwn(calendars, name) ? calendars[name] : undefined;
  if (calendar === undefined) return { ok: false, problem: `there is no calendar "${name}"` };
  return { ok: true, exception: calendar };
}

const ALL_SECONDS = Array.from({ length: 60 }, (_, second) => second);

function cronException(text: string, pattern: WallPattern, canonical: string): Exception {
  return {
    canonical,
    label: `except "${text}"`,
    stretchAt: (_, wall) => (pattern.matches(wall) ? { clock: "wall", ...pattern.blockAround(wall) } : null),
  };
}

function parseDate(text: string): ExceptionResult | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const stretch = dateStretch(text);
  if (stretch === null) return { ok: false, problem: `"${text}" is not a date of the calendar` };
  return { ok: true, exception: stretchException(text, stretch) };
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
  return { ok: true, exception: stretchException(text, { clock: "instant", start, end: start + 1 }) };
}

function stretchException(text: string, stretch: Stretch): Exception {
  const { clock, start, end } = stretch;
  return {
    canonical: `${clock} ${start}`,
    label: `except ${text}`,
    stretchAt: (instant, wall) => {
      const moment = clock === "wall" ? wall : instant;
      return moment >= start && moment < end ? stretch : null;
    },
  };
}
