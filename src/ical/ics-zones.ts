import type ICAL from "ical.js";
import { countUntil } from "../schedule/count-until.ts";
import { zoneOfWindows } from "../schedule/windows-zones.ts";
import { checkTimezone, instantOnClock, type WallClock, zoneOf } from "../schedule/zone.ts";
import { IcsError } from "./ics-error.ts";
import { type IcsComponent, parseComponent } from "./ics-lines.ts";
import { repetitionsOf } from "./ics-repetitions.ts";
import type { DayBudget } from "./ics-rule.ts";
import { type FindZone, timeOf } from "./ics-time.ts";

/**
 * Finds the time zones that a calendar's TZIDs name. What the calendar itself defines (VTIMEZONE) counts first (RFC 5545,
 * 3.2.19), also where the name is that of a zone which does something else. The function throws an `IcsError` when the
 * name is that of no zone, or the zone's definition cannot be followed.
 */
export function zoneFinder(calendar: IcsComponent, budget: DayBudget): FindZone {
  const defined = calendar.children.filter(({ name }) => name === "VTIMEZONE");
  const definitions = new Map(defined.map(component => [tzidOf(component), component] as const));
  const inSmallLetters = new Map(defined.map(component => [tzidOf(component).toLowerCase(), component]));
  const zones = new Map<string, WallClock>();
  return written => {
    const tzid = written.trim();
    const definition = definitions.get(tzid) ?? inSmallLetters.get(tzid.toLowerCase());
    const zone =
      zones.get(tzid) ?? (definition === undefined ? findZone(tzid) : definedZone(definition, budget));
    zones.set(tzid, zone);
    return zone;
  };
}

function tzidOf({ lines }: IcsComponent): string {
  return lines.flatMap(({ text }) => /^TZID(?:;[^:]*)?:(.*)$/i.exec(text)?.[1]?.trim() ?? [])[0] ?? "";
}

/** An IANA name, also behind a prefix such as `/mozilla.org/20050126_1/`, or a name that Windows has. */
function findZone(tzid: string): WallClock {
  const parts = tzid.split("/");
  const suffixes = parts.map((_, index) => parts.slice(index).join("/"));
  for (const name of [...suffixes, zoneOfWindows(tzid) ?? ""]) {
    const zone = zoneOf(name);
    if (zone !== null) return zone;
  }
  const hint = /did you mean .*/s.exec(checkTimezone(tzid) ?? "")?.[0];
  const expected =
    "expected the TZID of a VTIMEZONE in the file, an IANA name such as Europe/Berlin, or one of Windows";
  throw new IcsError(`TZID "${tzid}" is not known: ${expected}${hint === undefined ? "" : `; ${hint}`}`);
}

interface Transition {
  readonly at: number;
  readonly offsetBefore: number;
  readonly offset: number;
}

function definedZone(definition: IcsComponent, budget: DayBudget): WallClock {
  const observances = definition.children.filter(({ name }) => name === "STANDARD" || name === "DAYLIGHT");
  const transitions = observances
    .flatMap(observance => [...transitionsOf(observance, budget)])
    .sort((a, b) => a.at - b.at);
  const first = transitions[0];
  if (first === undefined)
    throw new IcsError("the VTIMEZONE has neither STANDARD nor DAYLIGHT", definition.line);
  const offsetAt = (instant: number) =>
    transitions[countUntil(transitions, ({ at }) => at, instant) - 1]?.offset ?? first.offsetBefore;
  return { offsetAt, instantOf: wall => instantOnClock(wall, offsetAt) };
}

/** When a zone's standard or daylight time begins; its times are on the clock from before. */
function* transitionsOf(observance: IcsComponent, budget: DayBudget): Generator<Transition> {
  const component = parseComponent(observance);
  const [offsetBefore, offset] = [offsetOf(component, "tzoffsetfrom"), offsetOf(component, "tzoffsetto")];
  if (offsetBefore === null || offset === null)
    throw new IcsError(
      "TZOFFSETFROM or TZOFFSETTO is missing or is no offset such as +0100",
      observance.line,
    );
  const clock: WallClock = { offsetAt: () => offsetBefore, instantOf: wall => wall - offsetBefore };
  const start = timeOf(component, "dtstart", () => clock);
  if (start === null) throw new IcsError("the VTIMEZONE has a part without DTSTART", observance.line);
  const begin = { ...start, zone: clock };
  for (const wall of repetitionsOf(component, begin, { budget, findZone: () => clock }))
    yield { at: wall - offsetBefore, offsetBefore, offset };
}

/** `+0100`, with seconds for some old ones. */
function offsetOf(component: ICAL.Component, name: string): number | null {
  const value = component.getFirstProperty(name)?.toICALString().split(":").slice(1).join("") ?? "";
  const [, sign, hours, minutes, seconds = "0"] = /^([+-])(\d\d)(\d\d)(\d\d)?$/.exec(value) ?? [];
  if (sign === undefined) return null;
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === "-" ? -ms : ms;
}
