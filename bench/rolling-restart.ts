/**
 * Rolling restarts under load: is every tick launched once, and on time? Replicas that lead and work are replaced one
 * by one, again and again, while ticks are due. Beside it pods with BullMQ's own job schedulers go through the same.
 * `--help` shows the options.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { MAIN } from "../test/support/command.ts";
import { type BellwetherOutcome, measureBellwether } from "./rolling/bellwether.ts";
import type { BenchJob, RollingOptions } from "./rolling/outcome.ts";
import { formatReport, toJson } from "./rolling/report.ts";
import { measureSchedulers } from "./rolling/schedulers.ts";

const HELP = `Usage: node bench/rolling-restart.ts [options]

Real replicas, both roles, on a Redis of their own. In each round every replica is replaced: the replacement is started
and follows or leads, then the old one gets SIGTERM and must end with exit code 0. BullMQ's own event stream is the
judge; the time of a launch is that of Redis. Needs redis-server on the PATH; etcd for --store etcd.

  --store redis|etcd    where the election is held (default redis)
  --rounds N            how often all replicas are replaced (default 10)
  --replicas N          (default 5)
  --jobs N              each with a tick a second (default 50)
  --same-instant        all jobs at each full second; by default their periods differ by a few milliseconds, so
                        that their ticks spread over the second
  --recreate            the old replica ends before its replacement starts
  --built               run dist/, as it is published, after building it; by default src/
  --alone               without BullMQ's job schedulers
  --json                the result as JSON
  --help

Exit code 0: no tick was lost or launched twice, and every replica ended with 0. 1: not so. 2: wrong usage.
`;

const ROOT = path.resolve(import.meta.dirname, "..");
const SECOND_MS = 1_000;
/** Between the periods of two jobs, so that their ticks drift apart. */
const PERIOD_STEP_MS = 2;

interface Arguments {
  readonly options: RollingOptions;
  readonly isBuilt: boolean;
  readonly isAlone: boolean;
  readonly isJson: boolean;
}

function readArguments(): Arguments | "help" {
  const { values } = parseArgs({
    options: {
      store: { type: "string", default: "redis" },
      rounds: { type: "string", default: "10" },
      replicas: { type: "string", default: "5" },
      jobs: { type: "string", default: "50" },
      "same-instant": { type: "boolean", default: false },
      recreate: { type: "boolean", default: false },
      built: { type: "boolean", default: false },
      alone: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { store, recreate, built, "same-instant": isSameInstant } = values;
  if (store !== "redis" && store !== "etcd") throw new Error(`--store ${store}: expected redis or etcd`);
  const options: RollingOptions = {
    store,
    isSameInstant,
    order: recreate ? "recreate" : "surge",
    replicas: positive("--replicas", values.replicas),
    rounds: positive("--rounds", values.rounds),
    jobs: jobsOf(positive("--jobs", values.jobs), isSameInstant),
    main: built ? path.join(ROOT, "dist/main.js") : MAIN,
    onProgress: line => console.error(line),
  };
  return { options, isBuilt: built, isAlone: values.alone, isJson: values.json };
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new Error(`${option} ${text}: expected a whole number from 1 to 9999`);
  return Number(text);
}

/** A second on average. */
function jobsOf(count: number, isSameInstant: boolean): BenchJob[] {
  const stepMs = isSameInstant ? 0 : Math.min(PERIOD_STEP_MS, SECOND_MS / count);
  return Array.from({ length: count }, (_, i) => ({
    name: `job-${i}`,
    periodMs: Math.round(SECOND_MS + (i - count / 2) * stepMs),
  }));
}

function build(): void {
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) throw new Error("the build failed");
}

function isGood({ verdict, pods }: BellwetherOutcome): boolean {
  return verdict.violations.length === 0 && pods.exitCodes.every(code => code === 0);
}

async function main(): Promise<number> {
  let args: Arguments | "help";
  try {
    args = readArguments();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 2;
  }
  if (args === "help") {
    console.log(HELP);
    return 0;
  }
  const { options, isBuilt, isAlone, isJson } = args;
  if (isBuilt) build();
  console.error("Bellwether");
  const bellwether = await measureBellwether(options);
  if (!isAlone) console.error("BullMQ job schedulers");
  const schedulers = isAlone ? null : await measureSchedulers(options);
  const report = { options, bellwether, schedulers };
  console.log(isJson ? JSON.stringify(toJson(report), null, 2) : formatReport(report));
  for (const { breach, what } of bellwether.verdict.violations) console.error(`${breach}: ${what}`);
  return isGood(bellwether) ? 0 : 1;
}

// What still holds the event loop open is not waited for.
process.exit(await main());
