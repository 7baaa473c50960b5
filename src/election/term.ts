import type { Progress } from "./progress.ts";

/** One reign of this replica. What it launches must carry the fence; the signal only says when to stop trying. */
export interface Term {
  readonly number: number;
  /** The value that `{ns}/term` holds while this term is in force. */
  readonly fence: string;
  /** Aborts when the term is given up, lost, or no longer to be trusted. */
  readonly signal: AbortSignal;
  /** Where the work reports its progress. From its first report on, the lease is only renewed while it does. */
  readonly progress?: Progress;
}

/** How the leader's work ended. `stepdown`: an operator wants another leader. */
export type TermWorkEnd = "fenced" | "ended" | { readonly outcome: "stepdown"; readonly askedBy: string };

/** Does the leader's work until the term's signal aborts. Resolves with `fenced` when a newer term is in force. */
export type TermWork = (term: Term) => Promise<TermWorkEnd>;
