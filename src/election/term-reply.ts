import { z } from "zod";
import { isTermReason } from "../reasons.ts";
import { readCause, writeCause } from "./end-cause.ts";
import type { Beginning, Bid, BidOutcome, End, RenewOutcome } from "./lease-store.ts";

/** The beginning of every script that opens or reads terms. */
export const TERM_LUA = new URL("./term.lua", import.meta.url);

/** How many terms `{ns}/terms` remembers. */
export const TERMS_KEPT = 100;

export const presenceReply = z.enum(["there", "gone", "unknown"]);

/** Reason, previous, vacant ms and cause, as `beginningOf` of term.lua returns them: '' and -1 where nothing is known. */
export const beginningReply = [z.string(), z.string(), z.number(), z.string()] as const;

/** What `openTerm` of term.lua returns. */
export const electedReply = z.tuple([
  z.literal("elected"),
  z.number(),
  z.number(),
  z.number(),
  ...beginningReply,
]);

export function outcomeOf(reply: z.output<typeof electedReply>): BidOutcome {
  const [, , term, sinceMs, ...beginning] = reply;
  const began = beginningOf(...beginning) ?? UNKNOWN_BEGINNING;
  return { outcome: "elected", term, sinceMs, ...began };
}

/** Null where the record does not say: another program has written into it. */
export function beginningOf(
  reason: string,
  previous: string,
  vacantMs: number,
  cause: string,
): Beginning | null {
  if (!isTermReason(reason)) return null;
  return {
    reason,
    previous: previous || null,
    cause: readCause(cause),
    vacantMs: vacantMs < 0 ? null : vacantMs,
  };
}

const UNKNOWN_BEGINNING: Beginning = {
  reason: "vacant",
  previous: null,
  cause: { cause: "unknown" },
  vacantMs: null,
};

/** What the scripts that open terms get as arguments about a store that was away for the bidder. */
export function awayArgs({ away }: Bid): [string, number] {
  return away === undefined ? ["", 0] : [away.error.slice(0, 300), Math.round(away.forMs)];
}

/** What the scripts that end terms get as arguments about the end. */
export function endArgs(end: End | undefined): [string, number] {
  return end === undefined
    ? [writeCause({ cause: "unknown" }), 1]
    : [writeCause(end.cause), end.wasAble ? 1 : 0];
}

/** What the scripts that renew return; the second number: whether this server sees the leader's presence. */
export const renewReply = z.tuple([z.number(), z.number()]);

export function renewOutcomeOf([outcome]: z.output<typeof renewReply>): RenewOutcome {
  if (outcome === 1) return "renewed";
  if (outcome === 2) return "outdated";
  return outcome === 3 ? "fenced" : "lost";
}

/** What a bid is answered that has to make way for another generation. */
export function makeWay(bid: Bid, other: number, forMs: number): BidOutcome {
  return other > bid.generation
    ? { outcome: "outdated", newest: other }
    : { outcome: "passed over", inFavourOf: other, forMs };
}
