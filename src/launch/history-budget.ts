/**
 * When the leader passes over the histories, and what it does to them. Pure.
 *
 * Below the budget a random sample says what the histories take, and how far that may be off. A pass measures every job. It also cuts
 * jobs that take more than a level, which is chosen as water fills a vessel: with all jobs cut to it, the sum is the target. So the
 * longest histories are cut first, and short ones not at all.
 */

/** What the leader does to each job in one pass. `drop`: failures and the like are counted as well. */
export type PassMode = "measure" | "fold" | "drop";

export interface Pass {
  readonly mode: PassMode;
  /** Jobs that take more bytes than this are cut. */
  readonly level: number;
}

export interface FinishedPass extends Pass {
  readonly bytes: number;
  readonly folded: number;
  readonly dropped: number;
}

/** Of some jobs, what each takes. */
export interface Sample {
  /** How many jobs there are in all. */
  readonly jobs: number;
  readonly bytes: readonly number[];
  readonly entries: readonly number[];
}

export interface Estimate {
  readonly bytes: number;
  readonly entries: number;
  /** The sum is this far off at most, in 19 of 20 cases; 0 where the sample has all jobs. */
  readonly errorBytes: number;
}

/** After a pass there is room for what is recorded until the next one. */
const TARGET = 0.9;
/** How much lower the next level is where a pass was not enough. */
const LOWER = 0.7;
/** A sum that may be above the budget or below is counted again this often. */
const COUNTED_FOR_MS = 10 * 60_000;

export function estimateOf({ jobs, bytes, entries }: Sample): Estimate {
  const count = bytes.length;
  if (count === 0) return { bytes: 0, entries: 0, errorBytes: 0 };
  const mean = sumOf(bytes) / count;
  const variance = count < 2 ? 0 : sumOf(bytes.map(one => (one - mean) ** 2)) / (count - 1);
  const unseen = Math.max(0, 1 - count / jobs);
  return {
    bytes: Math.round(mean * jobs),
    entries: Math.round((sumOf(entries) / count) * jobs),
    errorBytes: Math.round(2 * jobs * Math.sqrt((variance / count) * unseen)),
  };
}

/** The bytes to which jobs are cut so that all together take the target, by a sample of what each takes. */
export function levelOf(bytes: readonly number[], share: number): number {
  const sorted = bytes.toSorted((a, b) => a - b);
  let room = sumOf(sorted) * share;
  for (const [i, one] of sorted.entries()) {
    const level = room / (sorted.length - i);
    if (level <= one) return Math.floor(level);
    room -= one;
  }
  return sorted.at(-1) ?? 0;
}

export interface PassQuestion {
  readonly sample: Sample;
  /** Null without a limit. */
  readonly budgetBytes: number | null;
  /** Histories may have more entries than are to be kept by now. */
  readonly isShortened: boolean;
  /** The pass of this check that has just ended. */
  readonly last: FinishedPass | null;
  /** When every job was measured, before this check. */
  readonly countedAtMs: number | null;
  readonly nowMs: number;
}

/** "rest": nothing is to be done. "over": the budget is exceeded, and nothing is left to cut. */
export function nextPass(question: PassQuestion): Pass | "rest" | "over" {
  const { sample, budgetBytes, isShortened, last, countedAtMs, nowMs } = question;
  const measure: Pass = { mode: "measure", level: 0 };
  const { bytes, errorBytes } = last === null ? estimateOf(sample) : { bytes: last.bytes, errorBytes: 0 };
  if (budgetBytes === null || bytes + errorBytes <= budgetBytes) return isShortened ? measure : "rest";
  if (bytes - errorBytes <= budgetBytes) {
    const isKnown = countedAtMs !== null && nowMs - countedAtMs < COUNTED_FOR_MS;
    return isKnown && !isShortened ? "rest" : measure;
  }
  const level = levelOf(sample.bytes, (TARGET * budgetBytes) / bytes);
  if (last === null || last.mode === "measure") return { mode: "fold", level };
  const lower = Math.min(level, Math.floor(last.level * LOWER));
  const didCut = last.folded + last.dropped > 0;
  if (last.mode === "fold") return didCut ? { mode: "fold", level: lower } : { mode: "drop", level };
  return didCut ? { mode: "drop", level: lower } : "over";
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
