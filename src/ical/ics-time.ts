import ICAL from "ical.js";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../schedule/time-units.ts";
import { type WallClock, zoneOf } from "../schedule/zone.ts";
import { IcsError } from "./ics-error.ts";
import { lineOf } from "./ics-lines.ts";

/** Finds the zone of a TZID. */
export type FindZone = (tzid: string) => WallClock;

/** A date or time of an event. */
export interface IcsTime {
  /** What the clock shows, in milliseconds as if it were UTC; of a date its midnight. */
  readonly wall: number;
  readonly isDate: boolean;
  /** Whose clock; null for a date and for a time without a zone: the clock of the job. */
  readonly zone: WallClock | null;
}

/** The value of a property such as DTSTART, or null when the event has no such property. */
export function timeOf(event: ICAL.Component, name: string, findZone: FindZone): IcsTime | null {
  const property = event.getFirstProperty(name);
  return property === null ? null : (timesOf(property, findZone)[0] ?? null);
}

/** All values of a property such as EXDATE. */
export function timesOf(property: ICAL.Property, findZone: FindZone): IcsTime[] {
  const tzid = property.getFirstParameter("tzid");
  if (property.type === "period")
    throw new IcsError(`${property.name.toUpperCase()} with periods is not supported`, lineOf(property));
  const written: readonly unknown[] = property.toJSON().slice(3);
  return property.getValues().map((value, index) => {
    const wall = value instanceof ICAL.Time ? wallOf(value) : Number.NaN;
    // ical.js takes the 30th of February for the 2nd of March.
    const isReal = String(written[index]).startsWith(new Date(wall || 0).toISOString().slice(0, 10));
    if (!(value instanceof ICAL.Time) || !isReal) {
      throw new IcsError(
        `${property.name.toUpperCase()} is not a date or time of the calendar`,
        lineOf(property),
      );
    }
    if (value.isDate) return { wall, isDate: true, zone: null };
    // To ical.js TZID=GMT is UTC as well, whatever the file defines by that name.
    if (String(written[index]).endsWith("Z")) return { wall, isDate: false, zone: zoneOf("UTC") };
    return { wall, isDate: false, zone: tzid === undefined ? null : zoneAt(property, tzid, findZone) };
  });
}

function zoneAt(property: ICAL.Property, tzid: string, findZone: FindZone): WallClock {
  try {
    return findZone(tzid);
  } catch (error) {
    throw IcsError.at(lineOf(property), error);
  }
}

/** What the clock of another time's zone shows at a time. */
export function wallAt(time: IcsTime, zone: WallClock | null): number {
  if (time.zone === null || zone === null || time.zone === zone) return time.wall;
  const instant = time.zone.instantOf(time.wall);
  return instant + zone.offsetAt(instant);
}

/** What a time of ical.js shows on the clock, in milliseconds as if it were UTC. */
export function wallOf(time: ICAL.Time): number {
  // Date.UTC takes the years 0 to 99 for those of the 20th century.
  const midnight = new Date(0).setUTCFullYear(time.year, time.month - 1, time.day);
  if (time.isDate) return midnight;
  return midnight + time.hour * HOUR_MS + time.minute * MINUTE_MS + time.second * SECOND_MS;
}

export function midnightOf(wall: number): number {
  return Math.floor(wall / DAY_MS) * DAY_MS;
}
