/** In which zone times are shown: the reader's, that of the job they belong to, or UTC. */
import { signal } from "@preact/signals";

export const ZONES = ["local", "job", "utc"] as const;
export type Zone = (typeof ZONES)[number];

const KEY = "bellwether.zone";
const LOCAL = new Intl.DateTimeFormat().resolvedOptions().timeZone;

export const zone = signal<Zone>(storedZone());

export function chooseZone(next: Zone): void {
  zone.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
}

/** `jobZone`: of the job that the time belongs to, if to one. */
export function zoneName(jobZone?: string | null): string {
  if (zone.value === "utc") return "UTC";
  return zone.value === "job" && jobZone ? jobZone : LOCAL;
}

/** `14:02:11`. */
export function clockTime(at: string | number, jobZone?: string | null): string {
  return format(at, jobZone, "time");
}

/** `28 Nov 14:02:11`: with the date, for what may be on another day. */
export function dayTime(at: string | number, jobZone?: string | null): string {
  return format(at, jobZone, "dayTime");
}

/** `28 Nov 14:02`. */
export function dayMinute(at: string | number, jobZone?: string | null): string {
  return format(at, jobZone, "dayMinute");
}

/** `28 Nov`. */
export function day(at: string | number, jobZone?: string | null): string {
  return format(at, jobZone, "day");
}

/** `Sat 28 November 2026, 14:02:11 GMT+1`, for titles. */
export function fullTime(at: string | number, jobZone?: string | null): string {
  return format(at, jobZone, "full");
}

/** `14:02`. */
export function minuteTime(at: string | number, jobZone?: string | null): string {
  return format(at, jobZone, "minute");
}

const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
const MINUTE = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const DAY = { day: "numeric", month: "short" } as const;
const FORMS = {
  time: TIME,
  minute: MINUTE,
  day: DAY,
  dayTime: { ...DAY, ...TIME },
  dayMinute: { ...DAY, ...MINUTE },
  full: { weekday: "short", day: "numeric", month: "long", year: "numeric", ...TIME, timeZoneName: "short" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** A formatter costs more than what it formats. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(at: string | number, jobZone: string | null | undefined, form: keyof typeof FORMS): string {
  const timeZone = zoneName(jobZone);
  const key = `${form} ${timeZone}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = formatterOf(timeZone, FORMS[form]);
    formatters.set(key, formatter);
  }
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : formatter.format(date).replace(", ", " ");
}

function formatterOf(timeZone: string, form: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...form, timeZone });
  } catch {
    // A zone that Node.js knows and this browser does not.
    return new Intl.DateTimeFormat("en-GB", { ...form, timeZone: "UTC", timeZoneName: "short" });
  }
}

function storedZone(): Zone {
  try {
    const kept = localStorage.getItem(KEY);
    return ZONES.find(one => one === kept) ?? "local";
  } catch {
    return "local";
  }
}

/** The instant of what a field for date and time holds, in the reader's zone or, where that is chosen, in UTC. */
export function instantOf(field: string): string {
  const date = new Date(zone.value === "utc" ? `${field}Z` : field);
  if (Number.isNaN(date.getTime())) throw new Error(`"${field}" is no date and time.`);
  return date.toISOString();
}

/** The reverse of instantOf, for the value of a field. */
export function fieldOf(atMs: number): string {
  const offsetMs = zone.value === "utc" ? 0 : new Date(atMs).getTimezoneOffset() * 60_000;
  return new Date(atMs - offsetMs).toISOString().slice(0, 19);
}
