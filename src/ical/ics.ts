import type ICAL from "ical.js";
import { messageOf } from "../errors.ts";
import type { Stretch } from "../schedule/exception.ts";
import { IcsError } from "./ics-error.ts";
import { isCancelled, shownName, stretchesOf } from "./ics-event.ts";
import { type IcsComponent, parseComponent, readComponents, summaryOf } from "./ics-lines.ts";
import type { IcsContext } from "./ics-repetitions.ts";
import type { DayBudget } from "./ics-rule.ts";
import { zoneFinder } from "./ics-zones.ts";

/** For a file that does nothing but delay the parser this is a second. */
export const MAX_ICS_BYTES = 1024 * 1024;
const MAX_EVENTS = 10_000;
const MAX_STRETCHES = 50_000;
/** Some seconds of work; a rule that checks every day of all years takes 47,000. */
const MAX_DAYS = 10_000_000;

export type IcsResult = { readonly stretches: readonly Stretch[] } | { readonly problem: string };

/** The stretches of all events of an iCalendar file, or why it cannot be used. Bounded, whatever the file holds. */
export function readIcs(bytes: Uint8Array): IcsResult {
  try {
    return { stretches: readEvents(eventsOf(bytes)) };
  } catch (error) {
    if (!(error instanceof IcsError)) return { problem: `it is not iCalendar: ${firstWords(error)}` };
    return { problem: error.line === null ? error.message : `line ${error.line}: ${error.message}` };
  }
}

interface Event {
  readonly component: IcsComponent;
  readonly context: IcsContext;
  /** Its number in the file, from 1. */
  readonly number: number;
  readonly parsed: ICAL.Component;
}

function eventsOf(bytes: Uint8Array): Event[] {
  if (bytes.every(isBlank)) throw new IcsError("the file is empty");
  const budget: DayBudget = { left: MAX_DAYS };
  const found = readComponents(bytes).flatMap(calendar => {
    const context: IcsContext = { budget, findZone: zoneFinder(calendar, budget) };
    const events = calendar.children.filter(({ name }) => name === "VEVENT");
    return events.map(component => ({ component, context }));
  });
  if (found.length === 0) throw new IcsError("there is no event in it");
  if (found.length > MAX_EVENTS) {
    throw new IcsError(`there are ${found.length} events in it: expected at most ${MAX_EVENTS}`);
  }
  return found.map(({ component, context }, index) => {
    const number = index + 1;
    return {
      component,
      context,
      number,
      parsed: inEvent(number, component, () => parseComponent(component)),
    };
  });
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Which event of which series, where the file has it more than once. */
function identityOf(event: ICAL.Component): string {
  const recurrence = event.getFirstProperty("recurrence-id")?.toICALString() ?? "";
  return `${event.getFirstPropertyValue("uid")} ${recurrence}`;
}

function sequenceOf(event: ICAL.Component): number {
  return Number(event.getFirstPropertyValue("sequence")) || 0;
}

/** Without events of which the file also has a later revision (SEQUENCE). Several with one number all count. */
function newestOf(events: readonly Event[]): Event[] {
  const newest = new Map<string, number>();
  for (const { parsed } of events) {
    const id = identityOf(parsed);
    newest.set(id, Math.max(newest.get(id) ?? 0, sequenceOf(parsed)));
  }
  return events.filter(
    ({ parsed }) => !parsed.hasProperty("uid") || sequenceOf(parsed) >= (newest.get(identityOf(parsed)) ?? 0),
  );
}

function readEvents(all: readonly Event[]): Stretch[] {
  const events = newestOf(all);
  const replacements = Map.groupBy(
    events.map(({ parsed }) => parsed).filter(event => event.hasProperty("recurrence-id")),
    event => String(event.getFirstPropertyValue("uid")),
  );
  const stretches: Stretch[] = [];
  for (const { component, context, number, parsed } of events) {
    if (isCancelled(parsed)) continue;
    const isReplacement = parsed.hasProperty("recurrence-id");
    const own = isReplacement ? [] : (replacements.get(String(parsed.getFirstPropertyValue("uid"))) ?? []);
    inEvent(number, component, () => {
      for (const stretch of stretchesOf(parsed, own, context)) {
        if (stretches.push(stretch) > MAX_STRETCHES) {
          throw new IcsError(`its events take place more than ${MAX_STRETCHES} times`);
        }
      }
    });
  }
  if (stretches.length === 0) throw new IcsError("none of its events takes place");
  return stretches;
}

/** Does something with an event, and names it in what is wrong with it: `event 3 (Stocktaking), line 17: …`. */
function inEvent<T>(number: number, component: IcsComponent, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const at = (error instanceof IcsError ? error.line : null) ?? component.line;
    const name = shownName(summaryOf(component));
    throw new IcsError(
      `event ${number}${name === null ? "" : ` (${name})`}, line ${at}: ${firstWords(error)}`,
    );
  }
}

/** ical.js quotes what it found, as long as it is. */
function firstWords(error: unknown): string {
  const text = messageOf(error).replace(/[\s\p{C}]+/gu, " ");
  const length = error instanceof IcsError ? 300 : 120;
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
