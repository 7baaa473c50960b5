import { expect } from "vitest";
import { HISTORY_ENTRIES } from "../../src/launch/history.ts";
import type { HistoryRow } from "../../src/launch/read-history.ts";
import { tickOfRun } from "../../src/launch/run-id.ts";
import { bellwether, type CommandResult } from "./command.ts";
import type { Ledger } from "./launch-ledger.ts";
import { PASSED } from "./passed-ticks.ts";
import type { TestDeployment } from "./test-deployment.ts";

/** What became of one tick of a schedule, as `bellwether history` shows it. */
export interface Fate extends HistoryRow {
  /** Epoch ms. */
  readonly at: number;
}

/** What a command that succeeds prints as JSON. */
export async function json<T>(deployment: TestDeployment, ...args: readonly string[]): Promise<T> {
  return parsed(await deployment.command(...args, "--json"));
}

/** The rows of a job's history, oldest first. `configDir`: of a release that has the job, if the deployment's own has not. */
export async function historyOf(
  deployment: TestDeployment,
  job: string,
  configDir = deployment.project.configDir,
): Promise<HistoryRow[]> {
  const args = ["history", job, "--limit", "1000", "--json", "--config", configDir];
  return parsed<HistoryRow[]>(await bellwether(args)).reverse();
}

function parsed<T>({ code, stdout, stderr }: CommandResult): T {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** The ticks of the schedule in rows of a history, oldest first; a row that covers several is spread out. */
export function fatesIn(rows: readonly HistoryRow[], everyMs: number): Fate[] {
  return rows
    .filter(row => isDecision(row) && row.kind !== "manual" && row.kind !== "backfill")
    .flatMap(row => {
      const last = Date.parse(row.tick);
      const first = row.from === undefined ? last : Date.parse(row.from);
      const fates = Array.from({ length: (last - first) / everyMs + 1 }, (_, i) => ({
        ...row,
        at: first + i * everyMs,
      }));
      expect(row.count ?? 1).toBe(fates.length);
      return fates;
    })
    .toSorted((a, b) => a.at - b.at);
}

/**
 * Checks each tick of an `every` schedule from the first to the last one on record. Each was decided exactly once, and
 * each one that was not launched has a reason. BullMQ added exactly the runs of the launched ones, oldest first. Call
 * it when nothing is decided any more.
 */
export function expectAccount(
  job: string,
  everyMs: number,
  rows: readonly HistoryRow[],
  ledger: Ledger,
): Fate[] {
  const fates = fatesIn(rows, everyMs);
  const first = fates[0]?.at ?? 0;
  expect(fates.map(({ at }) => isoOf(at))).toEqual(fates.map((_, i) => isoOf(first + i * everyMs)));
  expectRuns(job, fates, ledger);
  return fates;
}

/** The part of `expectAccount` that holds for any schedule. */
export function expectRuns(job: string, fates: readonly Fate[], ledger: Ledger): void {
  for (const fate of fates) {
    if (fate.outcome !== "launched") expect(PASSED).toHaveProperty(fate.reasonCode ?? "no code");
  }
  const launched = fates.filter(fate => fate.outcome === "launched").map(({ at }) => isoOf(at));
  expect(ticksAdded(job, ledger).filter(tick => isOnRecord(tick, fates))).toEqual(launched);
  expect(ledger.repeated).toEqual([]);
}

/** Redis trims a long history: only BullMQ's stream then has what is older than the history's oldest tick. */
function isOnRecord(tick: string, fates: readonly Fate[]): boolean {
  const entries = fates.reduce((sum, { result }) => sum + (result === undefined ? 1 : 2), 0);
  return entries < HISTORY_ENTRIES - 50 || tick >= isoOf(fates[0]?.at ?? 0);
}

/** The ticks of the schedule for which BullMQ added runs of a job, in its order. */
export function ticksAdded(job: string, ledger: Ledger): string[] {
  return ledger.added
    .filter(run => run.startsWith(`${job}@`) && !/@manual-|~backfill-/.test(run))
    .map(tickOfRun);
}

export function isoOf(at: number): string {
  return new Date(at).toISOString();
}

function isDecision({ outcome }: HistoryRow): boolean {
  return outcome === "launched" || outcome === "skipped" || outcome === "missed";
}
