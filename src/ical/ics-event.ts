import ICAL from "ical.js";
import type { Stretch } from "../schedule/exception.ts";
import { DAY_MS, EARLIEST_TICK_MS } from "../schedule/time-units.ts";
import { IcsError } from "./ics-error.ts";
import { type IcsContext, repetitionsOf } from "./ics-repetitions.ts";
import { type IcsTime, midnightOf, timeOf } from "./ics-time.ts";

const MAX_NAME = 60;

/** A name on one line and without what could steer a terminal; null when nothing is left. */
export function shownName(summary: string): string | null {
  const text = summary.replace(/[\s\p{C}]+/gu, " ").trim();
  if (text === "") return null;
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text;
}

export function isCancelled(event: ICAL.Component): boolean {
  return String(event.getFirstPropertyValue("status")).toUpperCase() === "CANCELLED";
}

/** How long an event is: first days on the clock, then exact hours (RFC 5545, 3.3.6). */
interface Length {
  readonly nominalMs: number;
  readonly exactMs: number;
}

/** The stretches of an event: all day on the job's own clock, timed ones as the event says. */
export function* stretchesOf(
  event: ICAL.Component,
  replacements: readonly ICAL.Component[],
  context: IcsContext,
): Generator<Stretch> {
  const start = timeOf(event, "dtstart", context.findZone);
  if (start === null) throw new IcsError("it has no DTSTART");
  const length = lengthOf(event, start, context);
  const summary = event.getFirstPropertyValue("summary");
  const name = shownName(typeof summary === "string" ? summary : "") ?? undefined;
  for (const wall of repetitionsOf(event, start, context, replacements)) {
    if (wall + length.nominalMs + length.exactMs < EARLIEST_TICK_MS) continue;
    yield { ...onClock(start, wall, length), name };
  }
}

/**
 * Every repetition is as long as the first one: exactly, where DTEND says so, else by days on the clock and exact hours
 * (RFC 5545, 3.8.5.3). On the job's clock hours are those that it shows.
 */
function lengthOf(event: ICAL.Component, start: IcsTime, { findZone }: IcsContext): Length {
  const end = timeOf(event, "dtend", findZone);
  if (end !== null && end.isDate !== start.isDate) {
    throw new IcsError("DTSTART and DTEND are not both dates or both times");
  }
  if (end !== null && (end.zone === null) !== (start.zone === null)) {
    throw new IcsError("only one of DTSTART and DTEND has a time zone");
  }
  const length = end === null ? durationOf(event) : between(start, end);
  const lengthMs = length.nominalMs + length.exactMs;
  if (lengthMs < 0) throw new IcsError("it ends before it begins");
  if (!start.isDate) return length;
  return { nominalMs: Math.max(midnightOf(lengthMs + DAY_MS - 1), DAY_MS), exactMs: 0 };
}

function between(start: IcsTime, end: IcsTime): Length {
  if (start.zone === null || end.zone === null) return { nominalMs: end.wall - start.wall, exactMs: 0 };
  return { nominalMs: 0, exactMs: end.zone.instantOf(end.wall) - start.zone.instantOf(start.wall) };
}

function durationOf(event: ICAL.Component): Length {
  const duration = event.getFirstPropertyValue("duration");
  if (!(duration instanceof ICAL.Duration)) return { nominalMs: 0, exactMs: 0 };
  const sign = duration.isNegative ? -1 : 1;
  const nominalMs = sign * (duration.weeks * 7 + duration.days) * DAY_MS;
  return { nominalMs, exactMs: duration.toSeconds() * 1_000 - nominalMs };
}

/** Without length it is still an instant. */
function onClock({ zone }: IcsTime, start: number, { nominalMs, exactMs }: Length): Stretch {
  if (zone === null) {
    return { clock: "wall", start, end: Math.max(start + nominalMs + exactMs, start + 1) };
  }
  const first = zone.instantOf(start);
  const end = (nominalMs === 0 ? first : zone.instantOf(start + nominalMs)) + exactMs;
  return { clock: "instant", start: first, end: Math.max(end, first + 1) };
}
