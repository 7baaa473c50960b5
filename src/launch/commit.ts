import type { Decision } from "../schedule/decision.ts";
import type { SentTransaction } from "./launch-transaction.ts";
import type { Blocker } from "./overlap.ts";

/** One transaction's worth of decisions. */
export interface Commit {
  readonly fence: string;
  readonly term: number;
  /** In order within each lane. */
  readonly decisions: readonly Decision[];
  /** By lane (`laneOf`), what the decisions were planned from. */
  readonly cursors: ReadonlyMap<string, number>;
  /** The version of the controls that they were planned under. */
  readonly controlsVersion: number;
  readonly nowMs: number;
  /** Called when the transaction is on its way: Redis has work then, and this process has none. */
  readonly meanwhile?: () => Promise<void>;
}

export type CommitOutcome =
  | Committed
  /** A newer term is in force, or the term is unknown to Redis. */
  | { readonly outcome: "fenced" }
  /** Cursors or controls are not what the plan assumed; nothing was written. Open the term again and plan again. */
  | { readonly outcome: "moved" };

export interface Committed {
  readonly outcome: "committed";
  /** What was carried out; of launches beside an unfinished run, the skip that they became (`overlap`). */
  readonly decided: readonly Decision[];
  /** By job, what its next tick waits for: that tick and those after it are not decided. */
  readonly held: ReadonlyMap<string, Blocker>;
  /** Why Redis did not add the runs of the other decisions. Their cursors stand; open the term again. */
  readonly refused: string | null;
  /** By job, why its own run was not added; its later decisions are not carried out either. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Matches each decision that was sent with what the transaction says became of it; null when that was void. */
export function commitOutcomeOf(
  decisions: readonly Decision[],
  sent: SentTransaction | null,
  { held, unmade }: { held: ReadonlyMap<string, Blocker>; unmade: ReadonlyMap<string, string> },
): CommitOutcome {
  if (sent === null) return { outcome: "moved" };
  const failed = new Map(unmade);
  for (const [i, { job }] of decisions.entries()) {
    if (sent.outcomes[i] !== "failed" || failed.has(job)) continue;
    failed.set(job, sent.whys[i] ?? sent.refused ?? "no reason given");
  }
  const decided = decisions.filter((_, i) => sent.outcomes[i] !== "failed");
  const [refused = null] = failed.values();
  return { outcome: "committed", decided, held, refused, failed };
}
