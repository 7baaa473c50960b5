/**
 * Runs one benchmark, or all of them one after the other, and writes the figures into docs/performance.md.
 *
 *     npm run bench -- NAME [OPTIONS]    one of bench/, with its own options
 *     npm run bench -- --all [--quick | --smoke] [--only NAME,NAME] [--into FOLDER]
 *     npm run bench -- report            draws and writes again from bench/results
 *
 * `--all` writes bench/results/NAME.json. `--quick` has fewer rounds, and takes up to 25 minutes. `--smoke` shows in minutes that
 * everything works. Its figures mean nothing, so they go into a temporary folder.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PLANS, type Plan, type Size } from "./report/plans.ts";
import { benchOptions, refuse } from "./support/bench-options.ts";
import { writeResult } from "./support/comparison.ts";
import { describeMachine } from "./support/machine.ts";

const [first, ...rest] = process.argv.slice(2);

async function main(): Promise<number> {
  if (first !== undefined && !first.startsWith("--")) return await runOne(first, rest);
  const values = benchOptions({
    all: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string" },
    into: { type: "string" },
  });
  if (!values.all) return refuse("expected the name of a benchmark, or --all");
  const size: Size = values.smoke ? "smoke" : values.quick ? "quick" : "full";
  return await runAll(size, plansOf(values.only), values.into);
}

async function runOne(name: string, args: readonly string[]): Promise<number> {
  if (!existsSync(fileOf(name))) return refuse(`there is no benchmark called ${name}`);
  return (await execute(name, args, false)).code;
}

/** All, or those that are named, in the order in which they are named. */
function plansOf(only: string | undefined): readonly Plan[] {
  if (only === undefined) return PLANS;
  return only.split(",").map(wanted => {
    const plan = PLANS.find(({ name }) => name === wanted);
    if (plan === undefined) {
      return refuse(
        `no benchmark of --all is called ${wanted}: there are ${PLANS.map(({ name }) => name).join(", ")}`,
      );
    }
    return plan;
  });
}

async function runAll(size: Size, plans: readonly Plan[], into: string | undefined): Promise<number> {
  const folder =
    into ?? (size === "smoke" ? await mkdtemp(path.join(tmpdir(), "bellwether-bench-")) : resultsFolder());
  const total = plans.reduce((sum, plan) => sum + plan.minutes[size], 0);
  console.log(`${plans.length} benchmarks, about ${Math.round(total)} minutes; figures go into ${folder}\n`);
  const startMs = performance.now();
  const failed: string[] = [];
  for (const [i, plan] of plans.entries()) {
    const passed = ((performance.now() - startMs) / 60_000).toFixed(1);
    console.log(`[${i + 1}/${plans.length}, minute ${passed}] ${plan.name}: about ${plan.minutes[size]} min`);
    if (!(await runPlan(plan, size, folder))) failed.push(plan.name);
  }
  const took = ((performance.now() - startMs) / 60_000).toFixed(1);
  console.log(
    `${took} minutes. ${failed.length === 0 ? "All have figures." : `Failed: ${failed.join(", ")}.`}`,
  );
  if (folder === resultsFolder()) await execute("report", [], false);
  return failed.length === 0 ? 0 : 1;
}

async function runPlan(plan: Plan, size: Size, folder: string): Promise<boolean> {
  const file = path.join(folder, `${plan.name}.json`);
  const args = plan.args[size];
  const machine = await describeMachine();
  const takenAt = new Date().toISOString();
  const { code, output } = await execute(
    plan.script,
    plan.isPrinted ? args : [...args, "--json", file],
    true,
  );
  console.log(output);
  if (code === 0 && plan.isPrinted) {
    const command = ["npm run bench --", plan.script, ...args].join(" ");
    await writeResult(file, { bench: plan.name, command, takenAt, machine, output });
  }
  return code === 0;
}

async function execute(name: string, args: readonly string[], isKept: boolean) {
  const child = spawn(process.execPath, [fileOf(name), ...args], {
    stdio: ["inherit", isKept ? "pipe" : "inherit", "inherit"],
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, output };
}

function fileOf(name: string): string {
  return path.join(import.meta.dirname, `${name}.ts`);
}

function resultsFolder(): string {
  return path.join(import.meta.dirname, "results");
}

process.exitCode = await main();
