/**
 * A benchmark that compares: each contender is measured again and again, alternately with the others, in one run. So whatever else the
 * machine does meanwhile hits all of them. Figures of one round are compared with each other, never with those of another day.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { withProgress } from "../../src/cli/progress.ts";
import type { Column, Figures, Row } from "../report/bench-result.ts";
import { resultTable } from "../report/result-table.ts";
import { describeMachine } from "./machine.ts";

export interface Comparison<Case extends string, Contender extends string> {
  readonly bench: string;
  readonly columns: readonly Column[];
  readonly cases: readonly Case[];
  /** The first one is what the others are compared with. */
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Where the result is written; nowhere without it. */
  readonly json: string | undefined;
  /** Null: this contender cannot do this case. */
  readonly measure: (name: Case, contender: Contender) => Promise<Figures | null>;
}

/** Measures all, prints the table, and writes the result. */
export async function compare<Case extends string, Contender extends string>(
  comparison: Comparison<Case, Contender>,
): Promise<void> {
  const { bench, columns, cases, contenders, rounds, json, measure } = comparison;
  const machine = await describeMachine();
  const takenAt = new Date().toISOString();
  const rows: Row[] = [];
  for (const name of cases) {
    const measured = new Map<Contender, Figures[]>(contenders.map(contender => [contender, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const [contender, list] of measured) {
        const what = `${name}: ${contender}, round ${round} of ${rounds}`;
        const figures = await withProgress(what, () => measure(name, contender));
        if (figures === null) continue;
        list.push(figures);
        console.error(`${what}: ${describeFigures(columns, figures)}`);
      }
    }
    for (const [contender, list] of measured) {
      if (list.length > 0) rows.push({ case: name, contender, rounds: list });
    }
  }
  const result = { bench, command: commandOf(process.argv[1] ?? bench), takenAt, machine, columns, rows };
  console.log(`${result.command}\n\n${resultTable(result)}`);
  if (json !== undefined) await writeResult(json, result);
}

/** One measurement on a line: a run of many minutes shows what it has found so far. */
function describeFigures(columns: readonly Column[], figures: Figures): string {
  return columns
    .flatMap(({ key, title, digits = 0 }) => {
      const figure = figures[key];
      return typeof figure === "number" ? [`${title.trim()} ${figure.toFixed(digits)}`] : [];
    })
    .join(", ");
}

export async function writeResult(file: string, result: object): Promise<void> {
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
}

/** How to measure the same again. Where the result is written is left out. */
function commandOf(script: string): string {
  const args = process.argv.slice(2);
  const at = args.indexOf("--json");
  if (at >= 0) args.splice(at, 2);
  return [`npm run bench -- ${path.basename(script, ".ts")}`, ...args].join(" ");
}
