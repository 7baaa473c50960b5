import { readThrown } from "../handlers/thrown.ts";
import type { DropReason } from "../reasons.ts";

export type KeptResult =
  | { readonly result: unknown; readonly dropped: null }
  | { readonly result: null; readonly dropped: DropReason };

/** A result is for people and dashboards; beyond this size it burdens the Redis that everything depends on. */
const RESULT_LIMIT_BYTES = 1024 * 1024;
const WHY_LIMIT = 500;

/**
 * What BullMQ can keep of a handler's return value. A value that is too large or no JSON is dropped: a BigInt, or a
 * cycle as in an HTTP client's response. The run completes all the same, because the work is done and failing the
 * attempt would do it again. What is kept is plain data, because `toJSON` and getters may throw the next time.
 */
export function keepResult(result: unknown): KeptResult {
  if (result === undefined || result === null) return { result, dropped: null };
  let json: string | undefined;
  try {
    json = JSON.stringify(result);
  } catch (error) {
    const why = readThrown(error).message.split("\n")[0]?.slice(0, WHY_LIMIT) ?? "";
    return { result: null, dropped: { code: "unwritable", why } };
  }
  if (json === undefined) return { result: null, dropped: { code: "not_json", type: typeof result } };
  const bytes = Buffer.byteLength(json);
  if (bytes <= RESULT_LIMIT_BYTES) return { result: JSON.parse(json), dropped: null };
  return { result: null, dropped: { code: "too_large", bytes, limitBytes: RESULT_LIMIT_BYTES } };
}
