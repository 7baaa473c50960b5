import ICAL from "ical.js";
import type { Stretch } from "../schedule/exception.ts";
import { isCancelled, nameOf, stretchesOf } from "./ics-event.ts";
import type { DayBudget } from "./ics-rule.ts";
import { IcsProblem } from "./ics-time.ts";

/** For a file that does nothing but delay the parser this is a second. */
export const MAX_ICS_BYTES = 1024 * 1024;
const MAX_EVENTS = 10_000;
const MAX_STRETCHES = 50_000;
/** Some seconds of work; a rule that looks at every day of all years takes 47,000. */
const MAX_DAYS = 10_000_000;

export type IcsResult = { readonly stretches: readonly Stretch[] } | { readonly problem: string };

/** The stretches of all events of an iCalendar file, or why it cannot be used. Bounded, whatever the file holds. */
export function readIcs(text: string): IcsResult {
  try {
    return { stretches: readEvents(eventsOf(text)) };
  } catch (error) {
    if (error instanceof IcsProblem) return { problem: error.message };
    return { problem: `it is not iCalendar: ${firstWords(error)}` };
  }
}

function eventsOf(text: string): ICAL.Component[] {
  if (text.trim() === "") throw new IcsProblem("the file is empty");
  const calendars = parse(text);
  const events = calendars.flatMap(calendar => calendar.getAllSubcomponents("vevent"));
  if (events.length === 0) throw new IcsProblem("there is no event in it");
  if (events.length > MAX_EVENTS) {
    throw new IcsProblem(`there are ${events.length} events in it: expected at most ${MAX_EVENTS}`);
  }
  return events;
}

function parse(text: string): ICAL.Component[] {
  if (!/^BEGIN:VCALENDAR\s*$/im.test(text))
    throw new IcsProblem("it is not iCalendar: there is no BEGIN:VCALENDAR");
  const parsed: unknown = ICAL.parse(text);
  const roots = Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed];
  return roots.map(root => new ICAL.Component(root));
}

function readEvents(events: readonly ICAL.Component[]): Stretch[] {
  const replacements = Map.groupBy(
    events.filter(event => event.hasProperty("recurrence-id")),
    event => String(event.getFirstPropertyValue("uid")),
  );
  const budget: DayBudget = { left: MAX_DAYS };
  const stretches: Stretch[] = [];
  for (const [index, event] of events.entries()) {
    if (isCancelled(event)) continue;
    const isReplacement = event.hasProperty("recurrence-id");
    const own = isReplacement ? [] : (replacements.get(String(event.getFirstPropertyValue("uid"))) ?? []);
    try {
      for (const stretch of stretchesOf(event, own, budget)) {
        if (stretches.push(stretch) > MAX_STRETCHES) {
          throw new IcsProblem(`its events take place more than ${MAX_STRETCHES} times`);
        }
      }
    } catch (error) {
      const name = nameOf(event);
      throw new IcsProblem(`event ${index + 1}${name === null ? "" : ` (${name})`}: ${firstWords(error)}`);
    }
  }
  if (stretches.length === 0) throw new IcsProblem("none of its events takes place");
  return stretches;
}

/** ical.js quotes what it found, as long as it is. */
function firstWords(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replace(/[\s\p{C}]+/gu, " ");
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
