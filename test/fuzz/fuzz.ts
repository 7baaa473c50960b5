import { configTarget } from "./config.fuzz.ts";
import { cronTarget } from "./cron.fuzz.ts";
import { crontabTarget } from "./crontab.fuzz.ts";
import { dataTarget } from "./data.fuzz.ts";
import { type Finding, type FuzzTarget, SLOW_MS, type SlowInput, type TargetName } from "./fuzz-target.ts";
import { icsTarget } from "./ics.fuzz.ts";
import { logsTarget } from "./logs.fuzz.ts";

const ALL: readonly FuzzTarget[] = [
  configTarget,
  cronTarget,
  icsTarget,
  crontabTarget,
  dataTarget,
  logsTarget,
];

/** Short enough that every target has its turn within a few seconds. */
const ROUND_INPUTS = 100;

export interface FuzzOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** How many turns at most, whatever the speed of the machine. */
  readonly maxTurns?: number;
  /** Null for all of them. */
  readonly only: TargetName | null;
  /** Called after each turn of all targets. */
  readonly onProgress?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  readonly inputs: ReadonlyMap<TargetName, number>;
  /** The slowest input of each target. */
  readonly slowest: ReadonlyMap<TargetName, SlowInput>;
  /** Inputs that took longer than `SLOW_MS`. */
  readonly slow: readonly SlowInput[];
  /** At most one of a target: what is found after the first is mostly the same. */
  readonly findings: readonly Finding[];
}

/** Lets the targets take turns until the time has passed, or until all of them have found something. */
export async function fuzz({
  seed,
  durationMs,
  maxTurns = Number.POSITIVE_INFINITY,
  only,
  onProgress,
}: FuzzOptions): Promise<FuzzReport> {
  const endMs = performance.now() + durationMs;
  const inputs = new Map<TargetName, number>();
  const slowest = new Map<TargetName, SlowInput>();
  const slow: SlowInput[] = [];
  const findings: Finding[] = [];
  const report = { inputs, slowest, slow, findings };
  let targets = ALL.filter(({ name }) => only === null || name === only);
  for (let turn = 0; turn < maxTurns && targets.length > 0 && performance.now() < endMs; turn++) {
    for (const target of targets) {
      if (performance.now() >= endMs) break;
      const round = await target.round((seed + turn) % 2 ** 31, ROUND_INPUTS);
      inputs.set(target.name, (inputs.get(target.name) ?? 0) + round.inputs);
      if (round.slowest.ms > (slowest.get(target.name)?.ms ?? 0)) slowest.set(target.name, round.slowest);
      if (round.slowest.ms >= SLOW_MS) slow.push(round.slowest);
      if (round.finding) findings.push(round.finding);
    }
    targets = targets.filter(({ name }) => findings.every(({ target }) => target !== name));
    onProgress?.(report);
  }
  return report;
}
