import type { BackfillRange } from "./backfilling.ts";
import type { WaitOptions } from "./triggering.ts";

/** What names a request. Given again with the same id within a day, it is carried out once and has the same answer. */
export interface ActOptions {
  /** A fresh one by default. */
  readonly requestId?: string;
}

export interface ListOptions {
  /** At most this many, the newest ones; 20 by default. */
  readonly limit?: number;
}

export interface TriggerOptions extends ActOptions {
  /** Replaces fields of the job's own data. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly wait?: false;
}

export interface TriggerAndWaitOptions extends Omit<TriggerOptions, "wait">, WaitOptions {
  readonly wait: true;
}

export interface BackfillOptions extends BackfillRange, ActOptions {
  /** Accepts that the runs of a job run side by side whose `overlap` is another one. */
  readonly overlap?: "allow" | undefined;
  /** Starts nothing: the answer says which ticks it would be. */
  readonly dryRun?: boolean | undefined;
}
