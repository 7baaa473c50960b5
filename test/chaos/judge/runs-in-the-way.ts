import { writtenAt } from "../surviving-stream.ts";
import type { Call, QueueEvent, Removed } from "./evidence.ts";
import { readRun } from "./run-name.ts";
import type { Window } from "./windows.ts";

/**
 * A run from its launch to its end, as BullMQ's stream shows it. Open-ended when the stream has no end of it. One that was
 * removed is in the way for as long as its handler is at work.
 */
export interface RunSpan extends Window {
  readonly run: string;
  /** Position in the stream of its launch. */
  readonly index: number;
  /** No run may be launched beside it before. */
  readonly endsFromMs: number;
}

/** One that was removed before it was read has no place in the stream. */
function unread(run: string, fromMs: number) {
  return { run, fromMs, index: -1 };
}

const ENDS: ReadonlySet<string> = new Set(["completed", "failed", "removed"]);

/** By job, the runs that a later tick may find unfinished. A backfill runs beside everything. */
export function spansOf(
  events: readonly QueueEvent[],
  removed: readonly Removed[],
  calls: readonly Call[],
): ReadonlyMap<string, readonly RunSpan[]> {
  const open = new Map<string, Omit<RunSpan, "untilMs" | "endsFromMs">>();
  const spans: RunSpan[] = [];
  const added = new Set(events.flatMap(({ event, run }) => (event === "added" ? [run] : [])));
  const callsOf = Map.groupBy(calls, ({ run }) => run);
  /** Removed by the judge's clock before they were added by that of Redis, which was set forward. */
  const early = new Map<string, Removed>();
  const remove = (removal: Removed) => {
    const { run, fromMs: endsFromMs, untilMs } = removal;
    const span = open.get(run) ?? unread(run, endsFromMs);
    if (added.has(run) && !open.delete(run)) {
      early.set(run, removal);
      return;
    }
    const ends = (callsOf.get(run) ?? []).map(call => call.untilMs);
    spans.push({ ...span, endsFromMs, untilMs: Math.max(untilMs, ...ends) });
  };
  const leaving = removed.toSorted((a, b) => a.untilMs - b.untilMs);
  events.forEach((event, index) => {
    const atMs = writtenAt(event);
    while (leaving[0] && leaving[0].untilMs <= atMs) remove(leaving.shift() as Removed);
    const span = open.get(event.run);
    if (event.event === "added" && !span) {
      open.set(event.run, { run: event.run, index, fromMs: atMs });
      if (early.delete(event.run)) remove({ run: event.run, fromMs: atMs, untilMs: atMs });
    } else if (span && ENDS.has(event.event)) {
      open.delete(event.run);
      spans.push({ ...span, endsFromMs: atMs, untilMs: atMs });
    }
  });
  leaving.forEach(remove);
  const never = { endsFromMs: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const unended = [...open.values()].map(span => ({ ...span, ...never }));
  const blocking = [...spans, ...unended].filter(({ run }) => readRun(run).kind !== "backfill");
  return Map.groupBy(blocking, ({ run }) => readRun(run).job);
}
