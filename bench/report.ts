/**
 * Writes the figures of bench/results into docs/performance.md, and draws their charts.
 *
 *     node bench/report.ts
 */
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { chartOf, type Result, withFigures } from "./report/page.ts";
import { benchOptions } from "./support/bench-options.ts";

benchOptions({});

const ROOT = path.resolve(import.meta.dirname, "..");
const PAGE = path.join(ROOT, "docs/performance.md");

const files = globSync(path.join(ROOT, "bench/results/*.json")).sort();
const results: Record<string, Result> = {};
for (const file of files) {
  const name = path.basename(file, ".json");
  const result = JSON.parse(await readFile(file, "utf8")) as Result;
  results[name] = result;
  const chart = chartOf(name, result);
  if (chart !== null) await writeFile(path.join(ROOT, `docs/images/performance-${name}.svg`), chart);
}
await writeFile(PAGE, withFigures(await readFile(PAGE, "utf8"), results));
console.log(`docs/performance.md has the figures of ${Object.keys(results).join(", ") || "no benchmark"}`);
