import { expect, it } from "vitest";
import { resultTable } from "../../../bench/report/result-table.ts";

const COLUMNS = [
  { key: "p50", title: "p50 ms", hasRatio: true },
  { key: "lost", title: "lost", digits: 1 },
];

it("shows medians with their range, and medians of the ratios round by round", () => {
  const ours = { case: "10 jobs", contender: "A", rounds: [1, 2, 9].map(p50 => ({ p50, lost: 0 })) };
  const theirs = { case: "10 jobs", contender: "B", rounds: [4, 4, 1_000].map(p50 => ({ p50, lost: 1.25 })) };
  expect(resultTable({ columns: COLUMNS, rows: [ours, theirs] }).split("\n")).toEqual([
    "|  |  | p50 ms | lost |",
    "| --- | --- | --- | --- |",
    "| 10 jobs | A | 2 (1–9) | 0.0 (0.0–0.0) |",
    "|  | B | 4 (4–1,000) | 1.3 (1.3–1.3) |",
    "|  | A ÷ B | 0.25 (0.01–0.50) |  |",
  ]);
});

it("compares within a case, and shows nothing for a figure that there is none of", () => {
  const rows = [
    { case: "one", contender: "A", rounds: [{ p50: 2, lost: 0 }] },
    { case: "one", contender: "B", rounds: [{ p50: null, lost: 3 }] },
    { case: "two", contender: "A", rounds: [{ p50: 2, lost: 0 }] },
    { case: "two", contender: "B", rounds: [{ p50: 0, lost: 3 }] },
  ];
  expect(resultTable({ columns: COLUMNS, rows }).split("\n").slice(2)).toEqual([
    "| one | A | 2 | 0.0 |",
    "|  | B |  | 3.0 |",
    "| two | A | 2 | 0.0 |",
    "|  | B | 0 | 3.0 |",
  ]);
});
