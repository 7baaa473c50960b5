import type { Calendar } from "./calendar.ts";
import type { ScheduleKind, WallClockRules } from "./schedule-kind.ts";
import { SCHEDULE_KINDS } from "./schedule-kinds.ts";

type Kind = (typeof SCHEDULE_KINDS)[number];
/** The values of kinds, by their fields. */
export type KindFields = { readonly [K in Kind as K["field"]]?: Parameters<K["text"]>[0] };

/** A schedule as the config says it. Exactly one field of a kind is present. */
export interface ScheduleSpec extends KindFields, WallClockRules {
  /** Ticks before `startMs` and after `endMs` do not exist (both inclusive). */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** Cron expressions, local dates (`2026-12-24`), instants or calendars (`calendar:NAME`) whose ticks do not exist. */
  readonly except: readonly string[];
  /** The calendars that `except` names. */
  readonly calendars?: Readonly<Record<string, Calendar>> | undefined;
  /** Each tick is due up to this much later than its time; hashed from `seed` and tick, equal on every replica. */
  readonly jitterMs: number;
}

/** The kinds that a spec has, with their values. */
export function kindsIn(spec: KindFields): { readonly kind: ScheduleKind; readonly value: unknown }[] {
  return SCHEDULE_KINDS.flatMap(kind => {
    const value = spec[kind.field];
    return value === undefined ? [] : [{ kind, value }];
  });
}

/** Whether zone and daylight saving decide about the ticks before exceptions. */
export function asksWallClock(spec: KindFields): boolean {
  return kindsIn(spec).some(({ kind }) => kind.asksWallClock);
}

/** The instants that the spec names one by one, ascending. */
export function instantsIn(spec: KindFields): readonly number[] {
  return kindsIn(spec).flatMap(({ kind, value }) => kind.instants?.(value) ?? []);
}
