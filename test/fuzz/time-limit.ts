import { Script } from "node:vm";

/** Ends a function that does not come to its end by itself, also within a regular expression: a timer could not. */
const call = new Script("globalThis.callWithinTime()", { filename: "time-limit" });
const scope = globalThis as { callWithinTime?: () => void };

/** Calls `act`, and throws when it has not returned after `limitMs`. */
export function withinTime<T>(limitMs: number, act: () => T): T {
  let result: { readonly value: T } | null = null;
  scope.callWithinTime = () => {
    result = { value: act() };
  };
  call.runInThisContext({ timeout: limitMs });
  return (result as { readonly value: T } | null)?.value as T;
}
