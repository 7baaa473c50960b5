import { Script } from "node:vm";

/** Ends a function that does not come to its end by itself, also within a regular expression: a timer could not. */
const call = new Script("globalThis.callWithinTime()", { filename: "time-limit" });
const scope = globalThis as { callWithinTime?: () => unknown };

/** Calls `act`, and throws when it has not returned after `limitMs`. */
export function withinTime<T>(limitMs: number, act: () => T): T {
  scope.callWithinTime = act;
  return call.runInThisContext({ timeout: limitMs }) as T;
}
