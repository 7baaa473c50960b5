import { expectedTicks } from "./judge/expected-ticks.ts";
import { type StreamEntry, writtenAt } from "./surviving-stream.ts";
import type { JudgedJob, Recorded } from "./verdict.ts";

/** What the entries of a job's history say of its ticks. Ends of runs, operators' actions and their runs are left out. */
export function recordedOf(job: JudgedJob, entries: readonly StreamEntry[]): Recorded[] {
  const rows: Recorded[] = [];
  for (const entry of entries) {
    const { tick, kind, outcome, run } = entry.fields;
    if (tick !== undefined && kind !== "manual" && kind !== "backfill") rows.push(...ticksOf(job, entry));
    else if (tick === undefined && outcome !== undefined && run !== undefined) correct(rows, run, entry);
  }
  return rows;
}

function ticksOf(job: JudgedJob, entry: StreamEntry): Recorded[] {
  const { tick, from = tick } = entry.fields;
  const row = rowOf(entry);
  return expectedTicks(job, Number(from), Number(tick)).map(({ run, tickAtMs }) => ({
    run,
    ...row,
    ...(entry.fields["lateMs"] && { lateMs: Number(tick) + Number(entry.fields["lateMs"]) - tickAtMs }),
  }));
}

/** A later entry takes an earlier one back: the run had waited and lost its place. */
function correct(rows: Recorded[], run: string, entry: StreamEntry): void {
  const index = rows.findIndex(row => row.run === run);
  if (index >= 0) rows[index] = { run, ...rowOf(entry) };
}

function rowOf(entry: StreamEntry): Omit<Recorded, "run"> {
  const { outcome, reason, reasonCode, blockedBy } = entry.fields;
  return {
    outcome: outcome as Recorded["outcome"],
    atMs: writtenAt(entry),
    ...(reason && { reason }),
    ...(reasonCode && { reasonCode }),
    ...(blockedBy && { blockedBy }),
  };
}
