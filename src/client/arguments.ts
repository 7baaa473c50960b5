import { describe } from "../config/document/describe.ts";
import { BellwetherError, messageOf } from "../errors.ts";

/** Throws BW_ARGUMENT_INVALID; `why` begins with what separates it from the value. */
export function refuseArgument(argument: string, found: string, why: string): never {
  throw new BellwetherError("BW_ARGUMENT_INVALID", { argument, found, why });
}

/** A number of things: 1 or more. */
export function checkedCount(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  return refuseArgument(argument, "", `: expected a whole number from 1 on, ${describe(value)}`);
}

/** `next` of the page before, where that is the id of an entry of a stream. */
export function checkedEntryId(argument: string, value: string | undefined): string | undefined {
  // No entry is before the smallest id, and Redis refuses to search there.
  if (value === undefined || /^(?!0+-0+$)\d{1,16}-\d{1,16}$/.test(value)) return value;
  return refuseCursor(argument);
}

export function refuseCursor(argument = "cursor"): never {
  return refuseArgument(argument, "", ": expected `next` of the page before");
}

/** A `Date` that is one. */
export function checkedDate(argument: string, value: Date): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  return refuseArgument(argument, "", ": expected a Date that is valid");
}

/** Milliseconds, fractions of one too; undefined for no limit. */
export function checkedTimeout(argument: string, value: number | undefined): number | undefined {
  if (value === undefined || value >= 0) return value;
  return refuseArgument(argument, "", `: expected milliseconds, ${describe(value)}`);
}

/** The id of a request: a text that names it. An empty one would be that of every caller who has none. */
export function checkedRequestId(argument: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  return refuseArgument(argument, "", `: expected a text that names the request, ${describe(value)}`);
}

/** Throws where data is no mapping, cannot be stored, or has a key of Bellwether's own. */
export function checkedData(data: Readonly<Record<string, unknown>>): void {
  const refuse = (why: string) => refuseArgument("data", "", `: ${why}`);
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    refuse(`expected an object, ${describe(data)}`);
  }
  if ("_tick" in data) refuse("_tick is Bellwether's own; leave it out");
  try {
    JSON.stringify(data);
  } catch (error) {
    const [line] = messageOf(error).split("\n");
    refuse(`expected what JSON can hold (${line})`);
  }
}
