import { z } from "zod";
import type { Bid, BidOutcome, RenewOutcome } from "./lease-store.ts";

/** The beginning of every script that opens or reads terms. */
export const TERM_LUA = new URL("./term.lua", import.meta.url);

/** How many terms `{ns}/terms` remembers. */
export const TERMS_KEPT = 100;

export const presenceReply = z.enum(["there", "gone", "unknown"]);

/** What `openTerm` of term.lua returns. */
export const electedReply = z.tuple([
  z.literal("elected"),
  z.number(),
  z.number(),
  z.enum(["vacant", "resigned", "crashed", "expired"]),
  z.string(),
  z.number(),
]);

export function outcomeOf(reply: z.output<typeof electedReply>): BidOutcome {
  const [, , term, reason, previous, vacantMs] = reply;
  return {
    outcome: "elected",
    term,
    reason,
    previous: previous || null,
    vacantMs: vacantMs < 0 ? null : vacantMs,
  };
}

/** What the scripts that renew return; the second number: whether this server sees the leader's presence. */
export const renewReply = z.tuple([z.number(), z.number()]);

export function renewOutcomeOf([outcome]: z.output<typeof renewReply>): RenewOutcome {
  if (outcome === 1) return "renewed";
  return outcome === 2 ? "outdated" : "lost";
}

/** What a bid is answered that has to make way for another generation. */
export function makeWay(bid: Bid, other: number, forMs: number): BidOutcome {
  return other > bid.generation
    ? { outcome: "outdated", newest: other }
    : { outcome: "passed over", inFavourOf: other, forMs };
}
