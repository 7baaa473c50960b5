/**
 * Each benchmark runs, at sizes at which its figures mean nothing. Those on PostgreSQL and node-cron need packages that only `npm run bench`
 * installs: `npm run bench -- --all --smoke` shows that they work.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { BenchResult } from "../../bench/report/bench-result.ts";
import { PLANS } from "../../bench/report/plans.ts";

const BENCH = path.resolve(import.meta.dirname, "../../bench");
const OURS = ["--contenders", "Bellwether,BullMQ job schedulers"];
const PLANS_HERE = PLANS.filter(({ name }) => name !== "lateness-minute");

it.concurrent.each(PLANS_HERE)("$name measures each contender", async ({ name, script, args, isPrinted }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-bench-"));
  try {
    const file = path.join(folder, "result.json");
    const more = [...(name === "lateness" ? OURS : []), ...(isPrinted ? [] : ["--json", file])];
    const line = [path.join(BENCH, `${script}.ts`), ...args.smoke, ...more];
    const { stdout } = await promisify(execFile)(process.execPath, line);
    expect(stdout).toMatch(/^\|.*\|\n\| ?---.*\|\n\|.*\d.*\|$/m);
    if (isPrinted) return;
    const { bench, columns, rows } = JSON.parse(await readFile(file, "utf8")) as BenchResult;
    expect(bench).toBe(name);
    expect(new Set(rows.map(({ contender }) => contender)).size).toBeGreaterThan(1);
    const figures = rows.flatMap(({ rounds }) =>
      rounds.flatMap(round => columns.map(({ key }) => round[key])),
    );
    // JSON has no NaN: a figure of nothing would be null, as one that a contender does not have.
    expect(rows[0]?.rounds[0]).toMatchObject(
      Object.fromEntries(columns.slice(0, 4).map(({ key }) => [key, expect.any(Number)])),
    );
    expect(figures.filter(figure => figure === undefined)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
