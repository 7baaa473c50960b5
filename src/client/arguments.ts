import { describe } from "../config/document/describe.ts";
import { BellwetherError } from "../errors.ts";

/** Throws BW_ARGUMENT_INVALID; `why` begins with what separates it from the value. */
export function refuseArgument(argument: string, found: string, why: string): never {
  throw new BellwetherError("BW_ARGUMENT_INVALID", { argument, found, why });
}

/** A number of things: 1 or more. */
export function checkedCount(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  return refuseArgument(argument, "", `: expected a whole number from 1 on, ${describe(value)}`);
}

/** A `Date` that is one. */
export function checkedDate(argument: string, value: Date): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  return refuseArgument(argument, "", ": expected a Date that is valid");
}

/** Milliseconds; undefined for no limit. */
export function checkedTimeout(argument: string, value: number | undefined): number | undefined {
  if (value === undefined || value >= 0) return value;
  return refuseArgument(argument, "", `: expected milliseconds, ${describe(value)}`);
}
