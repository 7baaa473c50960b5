/**
 * Why something became of a tick, a term, a job, a run or a lock as it did. A reason is data: programs compare its code, and people read the text that
 * `reasonText` makes of it. Both are in histories, events and dashboards, so neither is ever changed; a new reason gets a
 * new code. What has to be added for it does not compile before it is there.
 *
 * Another release may know other codes, or none: what is read from Redis is a text and perhaps a code, and no `Reason`.
 */
import { durationText } from "./schedule/duration.ts";

type Coded<C extends string> = C extends string ? { readonly code: C } : never;

/** Why the catch-up policy launched a tick no more. */
export type MissReason =
  | Coded<"catch_up_none" | "superseded">
  | { readonly code: "older_than_window"; readonly windowMs: number }
  | { readonly code: "beyond_limit"; readonly limit: number };

/** Why a tick was not launched although its policy permitted it. */
export type SkipReason = Coded<"overlap" | "replaced" | "paused" | "skip_next" | "removed">;

/** Why an instant of a job that is new to Redis was not decided by any policy. */
export type UnknownJobReason = Coded<"job_unknown">;

/** Why a row of a history that is no tick is there. */
export type ActionReason =
  | { readonly code: "schedule_changed"; readonly untilMs: number }
  | { readonly code: "schedule_unknown"; readonly afterMs: number; readonly untilMs: number }
  | Coded<"order_lost">;

/** Why a job is quarantined. */
export type QuarantineReason = { readonly code: "run_not_added" | "state_corrupt"; readonly why: string };

/** Why a run went back to its queue without using up an attempt. */
export type ReturnReason =
  | Coded<"shutdown" | "no_handler" | "overlap_unknown" | "run_removed">
  | { readonly code: "run_unfinished"; readonly by: string };

/** Why an attempt does not count. */
export type RunLostReason =
  | Coded<"lock_gone" | "not_renewed" | "taken_again" | "not_returned">
  | Coded<"stopped_at_end" | "removed_at_end" | "lock_gone_at_end">
  | { readonly code: "end_refused"; readonly error: string };

/** Why a run failed although attempts were left. */
export type FailReason = Coded<"data_invalid">;

/** Why it is not known how a run ended: another program worked it off, or a worker that did not record it. */
export type EndUnknownReason = Coded<"end_unknown" | "end_unrecorded">;

/** Why a run was removed from its queue before it began. */
export type RemoveReason = { readonly code: "cancelled"; readonly by: string };

/** Why what a handler returned is not kept. */
export type DropReason =
  | { readonly code: "unwritable"; readonly why: string }
  | { readonly code: "not_json"; readonly type: string }
  | { readonly code: "too_large"; readonly bytes: number; readonly limitBytes: number };

/** Why a term began: who led before, and how that ended. */
export const ELECTED_REASONS = ["vacant", "resigned", "crashed", "expired"] as const;
export type ElectedReason = (typeof ELECTED_REASONS)[number];
/** Why a leader gave its term up on purpose. `no-progress`: it launched nothing although Redis answered it. */
export const RESIGN_REASONS = ["shutdown", "stepdown", "generation", "no-progress"] as const;
export type ResignReason = (typeof RESIGN_REASONS)[number];
/** Why a leader lost its term against its will. */
export const LOST_REASONS = ["expired", "fenced", "unreachable"] as const;
export type LostReason = (typeof LOST_REASONS)[number];

/**
 * Why a term ended, as exactly as its leader or the store knew; `first`: no term came before. What each one means:
 * docs/events.md. `by`: who asked for a `stepdown`. `error`: the words of what failed.
 */
export const TERM_CAUSES = [
  "first",
  "shutdown",
  "stepdown",
  "generation",
  "no-progress",
  "failed",
  "process-gone",
  "presence-lost",
  "frozen",
  "unreachable",
  "refused",
  "replaced",
  "fenced",
  "store-away",
  "lease-removed",
  "silent",
  "unknown",
] as const;
export type TermCause = (typeof TERM_CAUSES)[number];

export interface EndCause {
  readonly cause: TermCause;
  readonly by?: string;
  readonly error?: string;
}

/** The reasons of terms are single words. The code is the word, with an underscore for its hyphen. */
export type TermCode<R extends string> = R extends `${infer A}-${infer B}` ? `${A}_${B}` : R;

/** Whether a word in the record of terms is a reason, of this or of a later release; other programs write other things. */
export function isTermReason(word: string): boolean {
  return /^[a-z][a-z-]{0,49}$/.test(word);
}

/** The fields of events that tell why a term began or ended. */
export function tellTermReason<R extends string>(reason: R) {
  return { reason, reasonCode: reason.replaceAll("-", "_") as TermCode<R> };
}

/**
 * Why a lock was lost. `expired`: its time ran out while this process was frozen or too busy to renew it. `taken`: the
 * store no longer knows it as ours. `unreachable`: the store gave no answer until its time ran out. Events have the
 * code as their text too; the sentence is in the error.
 */
export type LockLostReason = "expired" | "taken" | "unreachable";

export type Reason =
  | MissReason
  | SkipReason
  | UnknownJobReason
  | ActionReason
  | QuarantineReason
  | ReturnReason
  | RunLostReason
  | FailReason
  | EndUnknownReason
  | RemoveReason
  | DropReason
  | Coded<LockLostReason>;

type Texts = { readonly [C in Reason["code"]]: (reason: Extract<Reason, { readonly code: C }>) => string };

const TEXTS: Texts = {
  catch_up_none: () => "catchUp: none",
  superseded: () => "catchUp: latest, a newer tick was due",
  older_than_window: ({ windowMs }) => `older than catchUpWindow ${durationText(windowMs)}`,
  beyond_limit: ({ limit }) => `beyond catchUpLimit ${limit}: so many newer ticks were due`,
  overlap: () => "overlap",
  paused: () => "paused",
  skip_next: () => "skip-next",
  replaced: () => "replaced by a newer tick",
  removed: () => "the job was removed from the configuration",
  schedule_changed: ({ untilMs }) =>
    `the schedule changed; ticks up to ${isoText(untilMs)} belong to the one before`,
  schedule_unknown: ({ afterMs, untilMs }) =>
    `the schedule changed, and the one before is not known: no tick from ${isoText(afterMs)} to ${isoText(untilMs)} was decided`,
  job_unknown: () => "Redis did not know the job by then, or has lost what it knew",
  order_lost: () => "Redis had lost the order",
  run_not_added: ({ why }) => why,
  state_corrupt: ({ why }) => why,
  shutdown: () => "shutdown",
  no_handler: () => "no handler",
  run_unfinished: ({ by }) => `overlap: ${by} has not ended`,
  overlap_unknown: () => "overlap: Redis did not say whether another run of the job has ended",
  run_removed: () => "it was removed",
  lock_gone: () => "its lock is gone: another replica has the run, or had it",
  not_renewed: () => "Redis did not renew its lock in time; another replica may take the run",
  taken_again: () => "its lock ran out, and this replica took the run again",
  not_returned: () => "it could not be given back; the others find it when its lock runs out",
  stopped_at_end: () => "the replica stopped before Redis took its end",
  end_refused: ({ error }) => `Redis did not take its end: ${error}`,
  removed_at_end: () => "the run was removed before its end was written",
  lock_gone_at_end: () => "its lock was gone when its end was to be written",
  data_invalid: () => "its data does not fit the schema of its handler",
  end_unknown: () => "the queue's events were trimmed, and BullMQ does not have the run any more",
  end_unrecorded: () => "no worker has recorded it, and BullMQ does not have the run any more",
  cancelled: ({ by }) => `cancelled by ${by}`,
  unwritable: ({ why }) => `it cannot be written as JSON: ${why}`,
  not_json: ({ type }) => `it has no form in JSON: it is a ${type}`,
  too_large: ({ bytes, limitBytes }) => `it is ${bytes} bytes of JSON, and ${limitBytes} are kept at most`,
  expired: () => "its time ran out while this process did not run",
  taken: () => "the store does not know it as this process's any more",
  unreachable: () => "the store gave no answer until its time ran out",
};

/** The only place that puts reasons into words. */
export function reasonText(reason: Reason): string {
  return (TEXTS[reason.code] as (reason: Reason) => string)(reason);
}

/** The fields of events and records that tell a reason. */
export interface ToldReason<C extends string = string> {
  readonly reason: string;
  readonly reasonCode: C;
}

export function tellReason<R extends Reason>(reason: R): ToldReason<R["code"]> {
  return { reason: reasonText(reason), reasonCode: reason.code };
}

/** The label `reason` of `bellwether_ticks_total`. Dashboards have known these values for longer than there are codes. */
export const MISS_LABELS: Readonly<Record<MissReason["code"], string>> = {
  catch_up_none: "none",
  superseded: "superseded",
  older_than_window: "window",
  beyond_limit: "limit",
};
export const SKIP_LABELS: Readonly<Record<SkipReason["code"], string>> = {
  overlap: "overlap",
  paused: "paused",
  skip_next: "skip-next",
  replaced: "replaced",
  removed: "removed",
};

function isoText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
