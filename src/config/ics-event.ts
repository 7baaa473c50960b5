import ICAL from "ical.js";
import type { Stretch } from "../schedule/exception.ts";
import { DAY_MS, EARLIEST_TICK_MS } from "../schedule/time-units.ts";
import { type DayBudget, occurrencesOf, spend } from "./ics-rule.ts";
import { IcsProblem, type IcsTime, midnightOf, timeOf, timesOf, wallAt } from "./ics-time.ts";

const MAX_NAME = 60;
/** Reading a time takes as long as asking so many days. */
const DAYS_A_TIME = 20;

/** What people call the event, on one line and without what could steer a terminal; null when it has no name. */
export function nameOf(event: ICAL.Component): string | null {
  const summary = event.getFirstPropertyValue("summary");
  const text = typeof summary === "string" ? summary.replace(/[\s\p{C}]+/gu, " ").trim() : "";
  if (text === "") return null;
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text;
}

export function isCancelled(event: ICAL.Component): boolean {
  return String(event.getFirstPropertyValue("status")).toUpperCase() === "CANCELLED";
}

/** The stretches of an event: all day on the job's own clock, timed ones as the event says. */
export function* stretchesOf(
  event: ICAL.Component,
  replacements: readonly ICAL.Component[],
  budget: DayBudget,
): Generator<Stretch> {
  const start = timeOf(event, "dtstart");
  if (start === null) throw new IcsProblem("it has no DTSTART");
  const lengthMs = lengthOf(event, start);
  const isReplaced = replaced(event, replacements, start, budget);
  const name = nameOf(event);
  const seen = new Set<number>();
  for (const wall of startsOf(event, start, budget)) {
    if (seen.has(wall) || isReplaced(wall) || wall + lengthMs < EARLIEST_TICK_MS) continue;
    seen.add(wall);
    yield { ...onClock(start, wall, wall + lengthMs), ...(name !== null && { name }) };
  }
}

/** An event ends at the same time on the clock whenever it is repeated. */
function lengthOf(event: ICAL.Component, start: IcsTime): number {
  const end = timeOf(event, "dtend");
  if (end !== null && end.isDate !== start.isDate) {
    throw new IcsProblem("DTSTART and DTEND are not both dates or both times");
  }
  if (end !== null && (end.zone === null) !== (start.zone === null)) {
    throw new IcsProblem("only one of DTSTART and DTEND has a time zone");
  }
  const lengthMs = end === null ? durationOf(event) : wallAt(end, start.zone) - start.wall;
  if (lengthMs < 0) throw new IcsProblem("it ends before it begins");
  return start.isDate ? Math.max(midnightOf(lengthMs + DAY_MS - 1), DAY_MS) : lengthMs;
}

function durationOf(event: ICAL.Component): number {
  const duration = event.getFirstPropertyValue("duration");
  return duration instanceof ICAL.Duration ? duration.toSeconds() * 1_000 : 0;
}

function* startsOf(event: ICAL.Component, start: IcsTime, budget: DayBudget): Generator<number> {
  if (event.hasProperty("exrule")) throw new IcsProblem("EXRULE is not supported: expected EXDATE");
  yield start.wall;
  for (const property of event.getAllProperties("rdate")) {
    for (const time of timesOf(property)) yield wallAt(time, start.zone);
  }
  for (const property of event.getAllProperties("rrule")) {
    const rule = property.getFirstValue();
    if (!(rule instanceof ICAL.Recur)) throw new IcsProblem("RRULE is not a rule");
    yield* occurrencesOf(rule, start, budget);
  }
}

/** Whether the repetition at a wall time is left out (EXDATE) or described by an event of its own. */
function replaced(
  event: ICAL.Component,
  replacements: readonly ICAL.Component[],
  start: IcsTime,
  budget: DayBudget,
): (wall: number) => boolean {
  const times = [...event.getAllProperties("exdate"), ...replacements.flatMap(recurrenceIdOf)].flatMap(
    timesOf,
  );
  spend(budget, times.length * DAYS_A_TIME);
  const walls = new Set(times.filter(time => !time.isDate).map(time => wallAt(time, start.zone)));
  const days = new Set(times.filter(time => time.isDate || start.isDate).map(time => midnightOf(time.wall)));
  return wall => walls.has(wall) || days.has(midnightOf(wall));
}

function recurrenceIdOf(event: ICAL.Component): ICAL.Property[] {
  const property = event.getFirstProperty("recurrence-id");
  if (property?.getFirstParameter("range")) throw new IcsProblem("RECURRENCE-ID with RANGE is not supported");
  return property === null ? [] : [property];
}

/** Without length it is still an instant. */
function onClock({ zone }: IcsTime, start: number, end: number): Stretch {
  if (zone === null) return { clock: "wall", start, end: Math.max(end, start + 1) };
  const first = zone.instantOf(start);
  return { clock: "instant", start: first, end: Math.max(zone.instantOf(end), first + 1) };
}
