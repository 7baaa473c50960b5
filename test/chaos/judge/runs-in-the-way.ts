import { writtenAt } from "../surviving-stream.ts";
import type { QueueEvent, Removed } from "./evidence.ts";
import { readRun } from "./run-name.ts";
import type { Window } from "./windows.ts";

/** A run from its launch to its end, as BullMQ's stream shows it. Open-ended when the stream has no end of it. */
export interface RunSpan extends Window {
  readonly run: string;
  /** Position in the stream of its launch. */
  readonly index: number;
}

const ENDS: ReadonlySet<string> = new Set(["completed", "failed", "removed"]);

/** By job, the runs that a later tick may find unfinished. A backfill runs beside everything. */
export function spansOf(
  events: readonly QueueEvent[],
  removed: readonly Removed[],
): ReadonlyMap<string, readonly RunSpan[]> {
  const open = new Map<string, RunSpan>();
  const spans: RunSpan[] = [];
  const end = (span: RunSpan, untilMs: number) => {
    open.delete(span.run);
    spans.push({ ...span, untilMs });
  };
  const leaving = removed.toSorted((a, b) => a.atMs - b.atMs);
  events.forEach((event, index) => {
    const atMs = writtenAt(event);
    while (leaving[0] && leaving[0].atMs <= atMs) {
      const { run, atMs: leftMs } = leaving.shift() as Removed;
      const span = open.get(run);
      if (span) end(span, leftMs);
    }
    const span = open.get(event.run);
    if (event.event === "added" && !span) {
      open.set(event.run, { run: event.run, index, fromMs: atMs, untilMs: Number.POSITIVE_INFINITY });
    } else if (span && ENDS.has(event.event)) {
      end(span, atMs);
    }
  });
  for (const { run, atMs } of leaving) {
    const span = open.get(run);
    if (span) end(span, atMs);
  }
  const blocking = [...spans, ...open.values()].filter(({ run }) => readRun(run).kind !== "backfill");
  return Map.groupBy(blocking, ({ run }) => readRun(run).job);
}
