import type { Machine } from "../support/machine.ts";

/** By key of a column; null is a figure that this contender does not have. */
export type Figures = Readonly<Record<string, number | null>>;

export interface Column {
  readonly key: string;
  /** With its unit. */
  readonly title: string;
  /** Behind the decimal point; 0 by default. */
  readonly digits?: number;
  /** The first contender's figure by the other one's, round by round. */
  readonly hasRatio?: boolean;
}

export interface Row {
  readonly case: string;
  readonly contender: string;
  readonly rounds: readonly Figures[];
}

/** What a benchmark writes with `--json`, and what tables and charts are drawn from. */
export interface BenchResult {
  readonly bench: string;
  readonly command: string;
  readonly takenAt: string;
  readonly machine: Machine;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}
