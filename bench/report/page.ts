/** What docs/performance.md shows of a result, between two marks. */
import type { BenchResult } from "./bench-result.ts";
import { type ChartKind, drawChart } from "./chart.ts";
import { resultTable } from "./result-table.ts";

/** Of a benchmark without columns: what it printed. */
export interface PrintedResult extends Omit<BenchResult, "columns" | "rows"> {
  readonly output: string;
}

export type Result = BenchResult | PrintedResult;

/** By the name of the result's file. */
export const CHARTS: Readonly<Record<string, ChartKind>> = {
  lateness: {
    title: "From a tick until its handler starts, p50 to p99",
    unit: "ms",
    keys: ["startedP50", "startedP99"],
  },
  "lateness-minute": {
    title: "From a full minute until a handler starts, p50 to p99",
    unit: "ms",
    keys: ["startedP50", "startedP99"],
  },
  idle: { title: "Commands sent to Redis while nothing is due, by all", unit: "a second", keys: ["sent"] },
  outage: { title: "Ticks lost while Redis did not answer", unit: "ticks", keys: ["lost"] },
  burst: { title: "From the second until all jobs are launched", unit: "s", keys: ["launchedAll"] },
};

export const END = "<!-- end of figures -->";

export function markOf(name: string): string {
  return `<!-- figures of ${name}: written by \`npm run bench -- report\` -->`;
}

/** The page with the figures of each result written anew. What is between the marks of others stays. */
export function withFigures(page: string, results: Readonly<Record<string, Result>>): string {
  let written = page;
  for (const [name, result] of Object.entries(results))
    written = withPart(written, name, figuresOf(name, result));
  const newest = Object.values(results)
    .sort((a, b) => a.takenAt.localeCompare(b.takenAt))
    .at(-1);
  return newest === undefined ? written : withPart(written, "the machine", machineOf(newest));
}

function withPart(page: string, name: string, text: string): string {
  const [before, rest] = page.split(`${markOf(name)}\n`);
  const after = rest?.split(END).slice(1).join(END);
  if (before === undefined || after === undefined) throw new Error(`the page has no part for ${name}`);
  return `${before}${markOf(name)}\n\n${text}\n\n${END}${after}`;
}

/** The picture of a result; null where none is drawn. */
export function chartOf(name: string, result: Result): string | null {
  const kind = CHARTS[name];
  return kind === undefined || !("rows" in result) ? null : drawChart(result, kind);
}

function figuresOf(name: string, result: Result): string {
  const kind = CHARTS[name];
  const picture = kind === undefined ? [] : [`![${kind.title}](images/performance-${name}.svg)`, ""];
  const table = "rows" in result ? resultTable(result) : tablesIn(result.output);
  const { command, takenAt, machine } = result;
  const date = takenAt.slice(0, 10);
  return [...picture, table, "", `\`${command}\`, ${date}, load before: ${machine.load}.`].join("\n");
}

/** Rows of tables, and what was printed between them as paragraphs is left out. */
function tablesIn(output: string): string {
  const lines = output.split("\n");
  return lines
    .filter((line, i) => line.startsWith("|") || (line === "" && lines[i - 1]?.startsWith("|")))
    .join("\n")
    .trim();
}

/** The machine and the versions, as a list. */
function machineOf({ machine }: Result): string {
  const { cpu, cores, memoryGib, system, versions } = machine;
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `- ${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}\n- ${all.join(", ")}`;
}
