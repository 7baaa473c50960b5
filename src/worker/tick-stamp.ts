import type { TickKind } from "../event-map.ts";

/** What the launcher put beside a run's data, and the data without it. */
export interface StampedData {
  readonly data: Record<string, unknown>;
  readonly tick: Date;
  readonly kind: TickKind;
  readonly term: number;
}

const KINDS: readonly string[] = ["scheduled", "catch-up", "manual", "backfill"] satisfies TickKind[];

/**
 * Reads `_tick`. A BullMQ job that another program added under a job's name has none: it is a manual run, and its tick
 * is the time at which it was added.
 */
export function readStamp(raw: unknown, addedAtMs: number): StampedData {
  if (!isRecord(raw))
    return { data: raw as Record<string, unknown>, tick: new Date(addedAtMs), kind: "manual", term: 0 };
  const { _tick: stamp, ...data } = raw;
  const { at, kind, term } = isRecord(stamp) ? stamp : {};
  const tick = new Date(typeof at === "string" || typeof at === "number" ? at : Number.NaN);
  return {
    data,
    tick: Number.isNaN(tick.getTime()) ? new Date(addedAtMs) : tick,
    kind: isKind(kind) ? kind : "manual",
    term: typeof term === "number" ? term : 0,
  };
}

function isKind(kind: unknown): kind is TickKind {
  return typeof kind === "string" && KINDS.includes(kind);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
