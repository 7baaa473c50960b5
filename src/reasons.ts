/**
 * Why something became of a tick as it did. A reason is data: programs compare its code, and people read the text that
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

/** Why a row of a history that is no tick is there. */
export type ActionReason =
  | { readonly code: "schedule_changed"; readonly untilMs: number }
  | { readonly code: "schedule_unknown"; readonly afterMs: number; readonly untilMs: number }
  | Coded<"order_lost">;

export type Reason = MissReason | SkipReason | ActionReason;

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
  order_lost: () => "Redis had lost the order",
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
