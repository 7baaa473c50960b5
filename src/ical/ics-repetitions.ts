import ICAL from "ical.js";
import { IcsError } from "./ics-error.ts";
import { lineOf } from "./ics-lines.ts";
import { type DayBudget, occurrencesOf, spend } from "./ics-rule.ts";
import { type FindZone, type IcsTime, midnightOf, timesOf, wallAt } from "./ics-time.ts";

/** Reading a time takes as long as asking this many days. */
const DAYS_A_TIME = 20;

/** What components of one file share. */
export interface IcsContext {
  readonly budget: DayBudget;
  readonly findZone: FindZone;
}

/**
 * The wall times at which a component begins, each once and in no order: DTSTART, RDATE and RRULE, without EXDATE and
 * what the replacements describe. They are on the clock of `start`, its DTSTART.
 */
export function* repetitionsOf(
  component: ICAL.Component,
  start: IcsTime,
  context: IcsContext,
  replacements: readonly ICAL.Component[] = [],
): Generator<number> {
  const isLeftOut = leftOut(component, replacements, start, context);
  const seen = new Set<number>();
  for (const wall of startsOf(component, start, context)) {
    if (seen.has(wall) || isLeftOut(wall)) continue;
    seen.add(wall);
    yield wall;
  }
}

function* startsOf(component: ICAL.Component, start: IcsTime, context: IcsContext): Generator<number> {
  const exrule = component.getFirstProperty("exrule");
  if (exrule !== null) throw new IcsError("EXRULE is not supported: expected EXDATE", lineOf(exrule));
  yield start.wall;
  for (const property of component.getAllProperties("rdate")) {
    for (const time of timesOf(property, context.findZone)) yield wallAt(time, start.zone);
  }
  for (const property of component.getAllProperties("rrule")) {
    const rule = property.getFirstValue();
    if (!(rule instanceof ICAL.Recur)) throw new IcsError("RRULE is not a rule", lineOf(property));
    try {
      yield* occurrencesOf(rule, start, context.budget);
    } catch (error) {
      throw IcsError.at(lineOf(property), error);
    }
  }
}

/** Whether the repetition at a wall time is left out (EXDATE) or described by an event of its own. */
function leftOut(
  component: ICAL.Component,
  replacements: readonly ICAL.Component[],
  start: IcsTime,
  { budget, findZone }: IcsContext,
): (wall: number) => boolean {
  const properties = [...component.getAllProperties("exdate"), ...replacements.flatMap(recurrenceIdOf)];
  const times = properties.flatMap(property => timesOf(property, findZone));
  spend(budget, times.length * DAYS_A_TIME);
  const walls = new Set(times.filter(time => !time.isDate).map(time => wallAt(time, start.zone)));
  const days = new Set(times.filter(time => time.isDate || start.isDate).map(time => midnightOf(time.wall)));
  return wall => walls.has(wall) || days.has(midnightOf(wall));
}

function recurrenceIdOf(event: ICAL.Component): ICAL.Property[] {
  const property = event.getFirstProperty("recurrence-id");
  if (property?.getFirstParameter("range")) throw new IcsError("RECURRENCE-ID with RANGE is not supported");
  return property === null ? [] : [property];
}
