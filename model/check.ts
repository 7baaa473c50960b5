/**
 * Checks the models of the launch protocol (launch.pml, ticks.pml) and of the lock (locks.pml) with Spin. Each model
 * must hold within each of its bounds, each mutant must fail, and each known limit must still be one.
 *
 *     node model/check.ts                      everything, as in CI
 *     node model/check.ts --deep               larger bounds: some minutes
 *     node model/check.ts NAME…                only these
 *     node model/check.ts --trace NAME         shows how a mutant or a limit goes wrong, step by step
 *
 * Exit code 1 when the model fails, a mutant survives, or a search was cut short.
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { LOCK_SEARCHES } from "./lock-searches.ts";
import { TICK_SEARCHES } from "./tick-searches.ts";

/** What a search is about when it does not say so. */
const MODEL = "launch.pml";
/** Two searches run at a time: together less than 4 GB. */
const MEMORY_LIMIT_MB = 1_900;
const SEARCHES_AT_A_TIME = 2;
const MAX_DEPTH = 100_000;

/** How often each fault may happen in one history, and how many ticks and jobs there are. */
interface Bounds {
  readonly JOBS?: number;
  readonly TICKS?: number;
  readonly EXPIRIES?: number;
  readonly CRASHES?: number;
  readonly DROPS?: number;
  readonly REFUSALS?: number;
  readonly FAILOVERS?: number;
  readonly LOST_BIDS?: number;
}

const NOTHING = {
  JOBS: 1,
  TICKS: 2,
  EXPIRIES: 0,
  CRASHES: 0,
  DROPS: 0,
  REFUSALS: 0,
  FAILOVERS: 0,
  LOST_BIDS: 0,
};

interface Search {
  readonly name: string;
  /**
   * - `holds`: no violation in any history.
   * - `ends`: no history goes on for ever; with the check of where each ends, every due tick is launched.
   * - `mutant`: the protocol without one of its parts; must fail.
   * - `limit`: harm that the protocol does not withstand, and docs say so; must fail, or the docs are out of date.
   */
  readonly kind: "holds" | "ends" | "mutant" | "limit";
  readonly model?: string;
  readonly bounds: Bounds;
  readonly without?: readonly string[];
  readonly isDeep?: true;
}

/** The longest first, so that both processors have work until the end. */
const SEARCHES: readonly Search[] = [
  {
    name: "all-together",
    kind: "holds",
    bounds: { TICKS: 1, EXPIRIES: 1, CRASHES: 1, DROPS: 1, REFUSALS: 1, FAILOVERS: 1 },
  },
  { name: "no-endless-run", kind: "ends", bounds: { EXPIRIES: 1, DROPS: 1, FAILOVERS: 1 } },
  { name: "late-transactions", kind: "holds", bounds: { EXPIRIES: 2, DROPS: 2, REFUSALS: 1 } },
  { name: "failover", kind: "holds", bounds: { EXPIRIES: 1, DROPS: 1, REFUSALS: 1, FAILOVERS: 1 } },
  { name: "two-failovers", kind: "holds", bounds: { EXPIRIES: 1, FAILOVERS: 2 } },
  { name: "four-terms", kind: "holds", bounds: { EXPIRIES: 3, DROPS: 1 } },
  { name: "two-jobs", kind: "holds", bounds: { JOBS: 2, DROPS: 1, REFUSALS: 1, FAILOVERS: 1 } },
  { name: "lost-bids", kind: "holds", bounds: { EXPIRIES: 1, FAILOVERS: 1, LOST_BIDS: 1 } },
  { name: "two-crashes", kind: "holds", bounds: { EXPIRIES: 1, DROPS: 1, CRASHES: 2 } },
  { name: "three-ticks", kind: "holds", bounds: { TICKS: 3, EXPIRIES: 1, DROPS: 1, REFUSALS: 1 } },
  {
    name: "new-jobs",
    kind: "holds",
    bounds: { JOBS: 2, EXPIRIES: 1, CRASHES: 1, DROPS: 1, REFUSALS: 1 },
    without: ["NEW_JOBS"],
  },

  { name: "no-watch-term", kind: "mutant", bounds: { EXPIRIES: 1 }, without: ["NO_WATCH_TERM"] },
  { name: "no-watch-cursors", kind: "mutant", bounds: { DROPS: 1 }, without: ["NO_WATCH_CURSORS"] },
  { name: "move-blindly", kind: "mutant", bounds: { REFUSALS: 1 }, without: ["MOVE_BLINDLY"] },
  { name: "resend", kind: "mutant", bounds: { DROPS: 1 }, without: ["RESEND"] },
  {
    name: "no-connection-check",
    kind: "mutant",
    bounds: { EXPIRIES: 1, DROPS: 1 },
    without: ["NO_CONNECTION_CHECK"],
  },
  { name: "no-reopen", kind: "mutant", bounds: { FAILOVERS: 1 }, without: ["NO_REOPEN"] },
  { name: "refuse-ahead-only", kind: "mutant", bounds: { FAILOVERS: 1 }, without: ["REFUSE_AHEAD_ONLY"] },
  {
    name: "trust-memory",
    kind: "mutant",
    bounds: { FAILOVERS: 1 },
    without: ["NO_REOPEN", "REFUSE_AHEAD_ONLY"],
  },
  { name: "fence-without-token", kind: "mutant", bounds: { FAILOVERS: 1 }, without: ["FENCE_WITHOUT_TOKEN"] },

  { name: "new-job-forgotten", kind: "limit", bounds: { FAILOVERS: 1 }, without: ["NEW_JOBS"] },
  { name: "add-hole", kind: "limit", bounds: { REFUSALS: 1 }, without: ["ADD_HOLE"] },

  {
    name: "deep-all-together",
    kind: "holds",
    bounds: { EXPIRIES: 1, CRASHES: 1, DROPS: 1, REFUSALS: 1, FAILOVERS: 1 },
    isDeep: true,
  },
  {
    name: "deep-lost-bids",
    kind: "holds",
    bounds: { TICKS: 1, EXPIRIES: 1, CRASHES: 1, DROPS: 1, REFUSALS: 1, FAILOVERS: 1, LOST_BIDS: 1 },
    isDeep: true,
  },
  {
    name: "deep-late-transactions",
    kind: "holds",
    bounds: { EXPIRIES: 2, DROPS: 3, REFUSALS: 1 },
    isDeep: true,
  },
  {
    name: "deep-two-jobs",
    kind: "holds",
    bounds: { JOBS: 2, EXPIRIES: 1, DROPS: 1, REFUSALS: 1, FAILOVERS: 1 },
    isDeep: true,
  },
  {
    name: "deep-failover",
    kind: "holds",
    bounds: { TICKS: 3, EXPIRIES: 1, DROPS: 1, REFUSALS: 1, FAILOVERS: 1 },
    isDeep: true,
  },
  ...TICK_SEARCHES,
  ...LOCK_SEARCHES,
];

interface Found {
  readonly states: number;
  readonly seconds: number;
  readonly isWhole: boolean;
  /** What happened, one event a line (details are indented), or null when nothing was violated. */
  readonly trace: readonly string[] | null;
  readonly output: string;
}

const runFile = promisify(execFile);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { trace: { type: "boolean" }, deep: { type: "boolean" } },
  });
  const unknown = positionals.filter(name => !SEARCHES.some(search => search.name === name));
  if (unknown.length > 0) {
    const names = SEARCHES.map(search => search.name).join(", ");
    return fail(`no search is called ${unknown.join(" or ")}; there are: ${names}`);
  }
  for (const tool of ["spin", "gcc"]) {
    if (!spawnSync(tool, ["--version"]).error) continue;
    return fail(`${tool} is missing. The model check needs it: apt-get install spin gcc libc6-dev`);
  }
  const searches = SEARCHES.filter(({ name, isDeep }) =>
    positionals.length > 0 ? positionals.includes(name) : values.deep || !isDeep,
  );
  let areAllGood = true;
  const waiting = [...searches];
  const lane = async () => {
    for (let search = waiting.shift(); search; search = waiting.shift()) {
      const found = await explore(search);
      const isGood = verdictOf(search, found);
      areAllGood &&= isGood;
      if (found.trace && (values.trace || !isGood))
        console.log(found.trace.map(line => `    ${line}`).join("\n"));
    }
  };
  await Promise.all(Array.from({ length: SEARCHES_AT_A_TIME }, lane));
  return areAllGood ? 0 : 1;
}

function fail(message: string): number {
  console.error(`model/check.ts: ${message}`);
  return 1;
}

/** Prints one line, and says whether it is good news. */
function verdictOf({ name, kind }: Search, found: Found): boolean {
  const size = `${found.states.toLocaleString("en")} states, ${Math.max(1, Math.round(found.seconds))} s`;
  const steps = found.trace?.filter(line => !line.startsWith(" ")).length;
  const mustHold = kind === "holds" || kind === "ends";
  if (!found.isWhole && !found.trace) {
    console.log(`${name}: the search was cut short after ${size}:\n${found.output}`);
    return false;
  }
  if (mustHold && found.trace) console.log(`${name}: VIOLATED (${steps} steps)`);
  else if (mustHold) console.log(`ok: ${name}: ${size}`);
  else if (!found.trace) console.log(`${kind} ${name}: NOTHING FOUND in ${size}, but it must fail`);
  else if (kind === "mutant") console.log(`mutant ${name}: found a violation, as it must (${steps} steps)`);
  else console.log(`limit ${name}: found a violation, as documented (${steps} steps)`);
  return mustHold === (found.trace === null);
}

/** Generates, compiles and runs the search; of a mutant breadth first, so that its trace is the shortest. */
async function explore({ kind, model = MODEL, bounds, without = [] }: Search): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), "bellwether-model-"));
  try {
    copyFileSync(join(import.meta.dirname, model), join(folder, model));
    const defines = [
      ...Object.entries({ ...NOTHING, ...bounds }).map(([key, value]) => `-D${key}=${value}`),
      ...without.map(key => `-D${key}`),
    ];
    const at = { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
    execFileSync("spin", ["-a", ...defines, model], at);
    const how = { holds: ["-DSAFETY"], ends: ["-DNP"], mutant: ["-DBFS"], limit: ["-DBFS"] }[kind];
    const optimize = how.includes("-DBFS") ? "-O0" : "-O2";
    const memory = `-DMEMLIM=${MEMORY_LIMIT_MB}`;
    const compress = how.includes("-DBFS") ? "-DSAFETY" : "-DCOLLAPSE";
    await runFile("gcc", ["-w", optimize, "-DNOFAIR", memory, compress, ...how, "-o", "pan", "pan.c"], at);
    const startedMs = performance.now();
    const argv = ["-E", `-m${MAX_DEPTH}`, "-w24", ...(kind === "ends" ? ["-l"] : [])];
    // pan's exit code says nothing that its output does not say.
    const output = await runFile("./pan", argv, at).then(
      done => done.stdout,
      (error: { stdout?: string }) => error.stdout ?? String(error),
    );
    return {
      states: Number(/([\d.e+]+) states, stored/.exec(output)?.[1] ?? 0),
      seconds: (performance.now() - startedMs) / 1_000,
      isWhole: /errors: 0\b/.test(output) && !/not completed|too small|out of memory/.test(output),
      trace: existsSync(join(folder, `${model}.trail`)) ? replay(model, defines, at, output) : null,
      output,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The counterexample in the model's own words, and at its end the assertion that failed, in ours. */
function replay(
  model: string,
  defines: readonly string[],
  at: { cwd: string; encoding: "utf8" },
  output: string,
): string[] {
  const { stdout } = spawnSync("spin", ["-t", "-T", "-B", ...defines, model], at);
  const lines = stdout.split("\n").filter(line => line.trim() !== "");
  const told = lines.filter(line => !/^(spin:|#|\s*\d+:\s*proc|\d+ process)/.test(line.trimStart()));
  const violated = /assertion violated (.*) \(at depth/.exec(output)?.[1] ?? "?";
  const [, what] = VIOLATIONS.find(([text]) => violated.includes(text)) ?? [null, violated];
  return [...told, `       ==> ${what}`];
}

/** The model's assertions, by what distinguishes them in Spin's output. */
const VIOLATIONS = [
  ["others", "P1: two processes trust one lock"],
  ["newest", "P1 or P2: a fence that is not the newest"],
  ["accepted", "P3: the resource accepts an older fence after a newer one"],
  ["isAccepted", "P3: the resource refuses a holder that trusts its lock"],
  ["released", "P4: a lock is granted to an acquisition that was released"],
  ["!(redis.decided", "D1: a tick is decided twice"],
  ["redis.decided", "D1: a tick is lost: its time has come, it is not decided, and never will be"],
  ["isAllowed", "D2: a tick is decided by a schedule that was not in force when its time came"],
  ["redis.unfinished", "D3: a run is launched or begins beside an unfinished one"],
  [".term!=", "P2: a term writes that is not the newest"],
  ["redis.number", "the bounds of the model are too small"],
  [".era==", "P2: a term writes that is not the newest"],
  ["!(redis.known", "P1: a tick is launched twice"],
  ["redis.known", "P1: a tick is lost: it is due, it has no run, and none will come"],
  ["leading", "P1: nobody leads, and nobody ever will"],
] as const;

process.exitCode = await main();
