/** `npm run chaos -- --minutes N --seed S --store redis|sentinel|cluster|etcd`: faults, and what they did (docs/guarantees.md). */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { runChaos } from "./chaos-run.ts";
import { FAULTS, type StoreKind } from "./fault-kinds.ts";
import { drawScript } from "./fault-script.ts";
import { formatReport, formatViolations, toJson } from "./report.ts";

const HELP = `Usage: npm run chaos -- [options]

Real replicas on real servers, with faults drawn from a seed, judged by BullMQ's event streams and by the handlers'
own record. Needs redis-server on the PATH; etcd for --store etcd; faketime for wrong clocks of replicas, and a C compiler
(cc) for those of Redis.

  --store redis|sentinel|cluster|etcd   what the replicas run on (default redis)
  --minutes N                   how long faults happen (default 1); the end takes up to a minute more
  --seed S                      the same seed gives the same faults (default: from the clock, and printed)
  --secure                      TLS with client certificates, and users with the least rights
  --only TEXT                   only the faults whose names contain it
  --script                      print the faults of the seed and run nothing
  --timeline FILE               write everything that happened to a file, whatever came of it
  --json                        the result as JSON
  --help

Exit code 0: every promise held. 1: one did not; the seed and the timeline around it are printed. 2: wrong usage.
`;

const STORES: readonly string[] = ["redis", "sentinel", "cluster", "etcd"];

interface Arguments {
  readonly store: StoreKind;
  readonly durationMs: number;
  readonly seed: number;
  readonly only: string;
  readonly secure: boolean;
  readonly isScript: boolean;
  readonly isJson: boolean;
  readonly timelineFile: string | null;
}

function readArguments(): Arguments | "help" {
  const { values } = parseArgs({
    options: {
      store: { type: "string", default: "redis" },
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      secure: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      script: { type: "boolean", default: false },
      timeline: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!STORES.includes(values.store))
    throw new Error(`--store ${values.store}: expected ${STORES.join(", ")}`);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: expected a number above 0`);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`--seed ${values.seed}: expected a whole number`);
  if (!Object.keys(FAULTS).some(fault => fault.includes(values.only)))
    throw new Error(`--only ${values.only}: expected a part of one of ${Object.keys(FAULTS).join(", ")}`);
  return {
    store: values.store as StoreKind,
    durationMs: minutes * 60_000,
    seed,
    only: values.only,
    secure: values.secure,
    isScript: values.script,
    isJson: values.json,
    timelineFile: values.timeline ?? null,
  };
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
  const { isScript, isJson, timelineFile, ...options } = args;
  if (isScript) {
    for (const step of drawScript(options)) console.log(JSON.stringify(step));
    return 0;
  }
  const { store, seed, durationMs, secure, only } = options;
  console.error(`store ${store}, seed ${seed}`);
  const flags = `${secure ? " --secure" : ""}${only ? ` --only "${only}"` : ""}`;
  const again = `npm run chaos -- --store ${store} --minutes ${durationMs / 60_000} --seed ${seed}${flags}`;
  const report = await runChaos({ ...options, again, onProgress: line => console.error(line) });
  if (timelineFile !== null) {
    await writeFile(timelineFile, `${report.timeline.lines(0, Number.POSITIVE_INFINITY).join("\n")}\n`);
  }
  console.log(isJson ? JSON.stringify(toJson(report), null, 2) : formatReport(report));
  if (report.verdict.violations.length === 0) return 0;
  console.error(formatViolations(report));
  return 1;
}

// What still holds the event loop open is not waited for; children end with this process.
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.exit(await main());
