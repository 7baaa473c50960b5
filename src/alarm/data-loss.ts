import type { Memory } from "../launch/memory.ts";

/**
 * What a replica had seen in Redis and does not find any more. `empty`: nothing is there. `other`: the namespace was emptied
 * and has begun anew, or another replica has noticed the loss first. `older`: it went back, as with a restored backup or a
 * failover to a replica that lagged.
 */
export interface DataLoss {
  readonly found: "empty" | "other" | "older";
  readonly lost: readonly Lost[];
}

/** `resumes`: jobs are paused that the replica knows to have been resumed. */
export type Lost = "terms" | "pauses" | "resumes" | "skips" | "cursors" | "counts" | "generation";

/** Null when nothing that is remembered is missing. */
export function dataLossOf(before: Memory, now: Memory): DataLoss | null {
  const isOther = before.lineage !== "" && now.lineage !== before.lineage;
  const isOlder = now.term < before.term || now.version < before.version || now.beat < before.beat;
  if (!isOther && !isOlder) return null;
  const isPauseMissing = [...before.controls.keys()].some(
    control => control.startsWith("pause:") && !now.controls.has(control),
  );
  const isSkipMissing = [...before.controls].some(([control, ticks]) => {
    const kept = now.controls.get(control)?.split(",") ?? [];
    return control.startsWith("skip:") && ticks.split(",").some(tick => !kept.includes(tick));
  });
  const isBack = [...now.controls.keys()].some(
    control => control.startsWith("pause:") && !before.controls.has(control),
  );
  const isLess = ([job, count]: [string, string]) => Number(now.counts.get(job) ?? 0) < Number(count);
  const lost: readonly [Lost, boolean][] = [
    ["terms", isOther || now.term < before.term],
    ["pauses", isPauseMissing],
    ["resumes", now.version < before.version && isBack],
    ["skips", isSkipMissing],
    ["cursors", before.hasCursors && (isOther || !now.hasCursors || now.beat < before.beat)],
    ["counts", [...before.counts].some(isLess)],
    ["generation", now.generation < before.generation],
  ];
  const isEmpty = now.lineage === "" && !now.hasCursors;
  return {
    found: isEmpty ? "empty" : isOther ? "other" : "older",
    lost: lost.flatMap(([what, isLost]) => (isLost ? [what] : [])),
  };
}
