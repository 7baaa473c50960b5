import { readThrown } from "../handlers/thrown.ts";

export type KeptResult =
  | { readonly result: unknown; readonly dropped: null }
  | { readonly result: null; readonly dropped: string };

/** A result is for people and dashboards; beyond this size it burdens the Redis that everything depends on. */
const RESULT_LIMIT_BYTES = 1024 * 1024;
const WHY_LIMIT = 500;

/**
 * What of a handler's return value BullMQ can keep. One that is no JSON (a BigInt, a cycle: an HTTP client's
 * response has them) or too large is dropped and the run completes all the same: the work is done, and failing
 * the attempt would do it again. What is kept is plain data, because `toJSON` and getters may throw the next time.
 */
export function keepResult(result: unknown): KeptResult {
  if (result === undefined || result === null) return { result, dropped: null };
  let json: string | undefined;
  try {
    json = JSON.stringify(result);
  } catch (error) {
    const why = readThrown(error).message.split("\n")[0]?.slice(0, WHY_LIMIT) ?? "";
    return { result: null, dropped: `it cannot be written as JSON: ${why}` };
  }
  if (json === undefined)
    return { result: null, dropped: `it has no form in JSON: it is a ${typeof result}` };
  const bytes = Buffer.byteLength(json);
  if (bytes <= RESULT_LIMIT_BYTES) return { result: JSON.parse(json), dropped: null };
  return {
    result: null,
    dropped: `it is ${bytes} bytes of JSON, and ${RESULT_LIMIT_BYTES} are kept at most`,
  };
}
