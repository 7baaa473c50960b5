import Table from "cli-table3";
import { printableLines } from "../config/document/describe.ts";

const NO_LINES = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
    .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid"])
    .map(line => [line, ""]),
);

/** Columns under headings, without lines: it reads well and can be piped to awk. What is in the cells steers no terminal. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    chars: { ...NO_LINES, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map(row => row.map(printableLines)));
  const lines = table.toString().split("\n");
  return `${lines.map(line => line.trimEnd()).join("\n")}\n`;
}
