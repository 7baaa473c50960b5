/** `npm run fuzz -- --minutes N --seed S --only TARGET`: what others wrote, read by everything that reads it. */
import { parseArgs } from "node:util";
import { type FuzzOptions, fuzz } from "./fuzz.ts";
import { formatProgress, formatReport } from "./fuzz-report.ts";
import { TARGETS, type TargetName } from "./fuzz-target.ts";

const HELP = `Usage: npm run fuzz -- [options]

Inputs drawn from a seed, damaged and hostile, for everything that reads what somebody else wrote. None may crash it,
hang it, or leave it with an answer that contradicts itself.

  --minutes N      how long (default 1)
  --seed S         the same seed gives the same inputs in the same order (default: from the clock, and printed)
  --only TARGET    ${TARGETS.join(", ")}
  --help

Exit code 0: nothing was found. 1: something was; the smallest input that shows it is printed. 2: wrong usage.
`;

const PROGRESS_MS = 10_000;

function readArguments(): FuzzOptions | "help" {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      only: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const [minutes, seed, only] = [Number(values.minutes), Number(values.seed), values.only ?? null];
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: expected a number above 0`);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`--seed ${values.seed}: expected a whole number`);
  if (only !== null && !isTarget(only)) throw new Error(`--only ${only}: expected ${TARGETS.join(", ")}`);
  return { seed, durationMs: minutes * 60_000, only };
}

function isTarget(name: string): name is TargetName {
  return (TARGETS as readonly string[]).includes(name);
}

async function main(): Promise<number> {
  let options: FuzzOptions | "help";
  try {
    options = readArguments();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 2;
  }
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const startMs = performance.now();
  let toldMs = startMs;
  console.log(`seed ${options.seed}`);
  const report = await fuzz({
    ...options,
    onProgress: report => {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      console.log(formatProgress(report, toldMs - startMs));
    },
  });
  console.log(formatReport(report));
  return report.findings.length === 0 ? 0 : 1;
}

process.exitCode = await main();
