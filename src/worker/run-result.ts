export type KeptResult =
  | { readonly result: unknown; readonly dropped: null }
  | { readonly result: null; readonly dropped: string };

/** A result is for people and dashboards; beyond this size it burdens the Redis that everything depends on. */
const RESULT_LIMIT_BYTES = 1024 * 1024;

/**
 * What of a handler's return value BullMQ can keep. One that is no JSON (a BigInt, a cycle: an HTTP client's
 * response has them) or too large is dropped and the run completes all the same: the work is done, and failing
 * the attempt would do it again.
 */
export function keepResult(result: unknown): KeptResult {
  try {
    const bytes = Buffer.byteLength(JSON.stringify(result) ?? "");
    if (bytes <= RESULT_LIMIT_BYTES) return { result, dropped: null };
    return {
      result: null,
      dropped: `it is ${bytes} bytes of JSON, and ${RESULT_LIMIT_BYTES} are kept at most`,
    };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { result: null, dropped: `it cannot be written as JSON: ${why}` };
  }
}
