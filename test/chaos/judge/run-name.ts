import { runIdOf, tickOfRun } from "../../../src/launch/run-id.ts";
import type { JobRules } from "./evidence.ts";

/** What the id of a run says of it. */
export interface RunName {
  readonly job: string;
  /** `job-1@20261123T070000Z` is a tick's run; `job-1@manual-…` and `…Z~backfill-…` were ordered. */
  readonly kind: "tick" | "manual" | "backfill";
  /** NaN for a manual run. */
  readonly tickAtMs: number;
}

export function readRun(run: string): RunName {
  const at = run.lastIndexOf("@");
  const [tick = "", backfill] = run.slice(at + 1).split("~");
  const kind = backfill !== undefined ? "backfill" : tick.startsWith("manual-") ? "manual" : "tick";
  return { job: run.slice(0, at), kind, tickAtMs: Date.parse(tickOfRun(tick)) };
}

/** The runs of the job's ticks from one instant to another, both included. */
export function runsOf(job: Named, fromMs: number, untilMs: number): string[] {
  return ticksOf(job.periodMs, fromMs, untilMs).map(tickAtMs => runIdOf(job.name, tickAtMs));
}

type Named = Pick<JobRules, "periodMs"> & { readonly name: string };

/** The multiples of the period from one instant to another, both included. */
export function ticksOf(periodMs: number, fromMs: number, untilMs: number): number[] {
  const first = Math.ceil(fromMs / periodMs);
  const count = Math.max(Math.floor(untilMs / periodMs) - first + 1, 0);
  return Array.from({ length: count }, (_, i) => (first + i) * periodMs);
}
