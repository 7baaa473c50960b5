import { percentile } from "../support/percentile.ts";
import type { BenchResult, Column, Row } from "./bench-result.ts";

/** Medians of the rounds, with the range where there are several; then medians of the ratios, round by round. */
export function resultTable({ columns, rows }: Pick<BenchResult, "columns" | "rows">): string {
  const head = ["", "", ...columns.map(({ title }) => title)];
  const lines = [head, head.map(() => "---")];
  for (const [name, ofCase = []] of Object.entries(Object.groupBy(rows, row => row.case))) {
    const [first, ...others] = ofCase;
    for (const row of ofCase) {
      lines.push([row === first ? name : "", row.contender, ...columns.map(column => cellOf(row, column))]);
    }
    for (const other of others) {
      const ratios = columns.map(column => (first && column.hasRatio ? ratioOf(first, other, column) : ""));
      if (first && ratios.some(ratio => ratio !== "")) {
        lines.push(["", `${first.contender} ÷ ${other.contender}`, ...ratios]);
      }
    }
  }
  return lines.map(cells => `| ${cells.join(" | ")} |`).join("\n");
}

/** The median of a figure over the rounds; null where the contender does not have it. */
export function medianOf(row: Row, key: string): number | null {
  const values = valuesOf(row, key);
  return values.length === 0 ? null : percentile(values, 0.5);
}

function cellOf(row: Row, { key, digits = 0 }: Column): string {
  return spread(valuesOf(row, key), digits);
}

/** A ratio to nothing says nothing. */
function ratioOf(first: Row, other: Row, { key }: Column): string {
  const pairs = first.rounds.map((figures, round) => [figures[key], other.rounds[round]?.[key]] as const);
  const ratios = pairs.flatMap(([a, b]) =>
    typeof a === "number" && typeof b === "number" && b > 0 ? [a / b] : [],
  );
  return spread(ratios, 2);
}

function valuesOf(row: Row, key: string): number[] {
  return row.rounds.flatMap(figures => figures[key] ?? []);
}

function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return "";
  const [median, least, most] = [percentile(values, 0.5), Math.min(...values), Math.max(...values)];
  const shown = (value: number) =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return values.length === 1 ? shown(median) : `${shown(median)} (${shown(least)}–${shown(most)})`;
}
