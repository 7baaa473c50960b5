import { z } from "zod";
import { messageOf } from "../errors.ts";
import { type EndCause, TERM_CAUSES } from "../reasons.ts";
import { isErrorReply } from "../redis/refusal.ts";
import { storedJson } from "../redis/stored-value.ts";

/** Of a text from outside, in the record of the leader and in every replica's log. */
const WORDS_LIMIT = 300;

const words = z.string().transform(text => text.slice(0, WORDS_LIMIT));

const endCause = z.object({
  cause: z.enum(TERM_CAUSES),
  by: words.exactOptional(),
  error: words.exactOptional(),
});

/** As the record of the leader keeps it. */
export function writeCause({ cause, by, error }: EndCause): string {
  return JSON.stringify({ cause, by: by?.slice(0, WORDS_LIMIT), error: error?.slice(0, WORDS_LIMIT) });
}

/** `unknown` where an older release has written no cause, or another program something else. */
export function readCause(stored: string): EndCause {
  return storedJson(stored, endCause) ?? { cause: "unknown" };
}

/** Why there was no answer: an answer of the store that refuses is something else than none. */
export function causeOfFailure(error: unknown): EndCause {
  return { cause: isErrorReply(error) ? "refused" : "unreachable", error: messageOf(error) };
}
