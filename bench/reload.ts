/**
 * What a running replica does when one job among many is changed: how long until the change is in force, and for how long its
 * event loop is held up meanwhile.
 *
 *     node bench/reload.ts [--jobs 100000] [--formats json,yaml] [--rounds 5] [--out reload.json]
 *
 * The replica leads and works; the jobs are those of bench/start.ts, and one beside them is due every second. The loop is
 * measured inside of the replica's process: the CPU time that its main thread uses between two turns, which says more than
 * the clock on a machine that does other work. Times begin with the write of the changed file. A watched folder is checked
 * every second, and a change counts when two checks agree, so a second and more of each time is spent waiting.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { withProgress } from "../src/cli/progress.ts";
import { createProject } from "../test/support/project.ts";
import { startRedis } from "../test/support/redis-server.ts";
import { benchOptions } from "./support/bench-options.ts";
import { jobsFiles } from "./support/many-jobs.ts";
import { percentile } from "./support/percentile.ts";
import { processUse } from "./support/process-use.ts";

const values = benchOptions({
  jobs: { type: "string", default: "100000" },
  formats: { type: "string", default: "json,yaml" },
  rounds: { type: "string", default: "5" },
  out: { type: "string" },
});
const ROOT = path.resolve(import.meta.dirname, "..");
const SAMPLER = path.join(import.meta.dirname, "support/loop-sampler.ts");
const LIMIT_MS = 10 * 60_000;
/** After the event: the leader opens its term again for the new jobs. */
const AFTER_MS = 5_000;

interface Round {
  readonly inForceAfterMs: number;
  /** Of the whole process, until a few seconds after. */
  readonly cpuMs: number;
  /** The longest stretch of the loop in CPU time, and by the clock. */
  readonly longestCpuMs: number;
  readonly longestMs: number;
  /** Stretches of more than 20 ms of CPU time. */
  readonly over20: number;
}

interface Sample {
  readonly longestCpuMs: number;
  readonly longestMs: number;
  readonly over20: number;
}

/** The lines of the replica's log, to wait for. */
function linesOf(child: ChildProcess) {
  const waiting = new Set<{ wanted: string; resolve: () => void }>();
  const input = child.stdout;
  if (input === null) throw new Error("the replica has no output");
  createInterface({ input }).on("line", line => {
    const { event } = JSON.parse(line) as { event?: string };
    for (const one of waiting) {
      if (one.wanted !== event) continue;
      waiting.delete(one);
      one.resolve();
    }
  });
  return async (wanted: string) => {
    const found = Promise.withResolvers<void>();
    waiting.add({ wanted, resolve: found.resolve });
    const late = sleep(LIMIT_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${wanted} does not come`);
    });
    await Promise.race([found.promise, late]);
  };
}

async function sampled(child: ChildProcess): Promise<Sample> {
  const answer = once(child, "message");
  child.send("read");
  const [sample] = await answer;
  return sample as Sample;
}

async function roundsOf(format: string): Promise<Round[]> {
  const count = Number(values.jobs);
  const files = jobsFiles(count, format);
  const project = await createProject({
    ...files,
    "config/jobs.yaml": "jobs:\n  beat: { every: 1s, handler: task }\n",
    "config/bellwether.yaml": `redis: { url: "\${REDIS_URL}" }\nhttp: false\n`,
    "jobs/task.ts":
      'import { defineHandler } from "bellwether";\nexport default defineHandler(async () => undefined);\n',
  });
  const server = await startRedis();
  const child = spawn(
    process.execPath,
    ["--import", SAMPLER, `${ROOT}/src/main.ts`, "run", "--config", project.configDir, "--log", "json"],
    { env: { ...process.env, REDIS_URL: server.url }, stdio: ["ignore", "pipe", "inherit", "ipc"] },
  );
  const rounds: Round[] = [];
  try {
    const seen = linesOf(child);
    await seen("leader.elected");
    await sleep(AFTER_MS);
    const [file = "", text = ""] = Object.entries(files)[0] ?? [];
    for (let round = 1; round <= Number(values.rounds); round++) {
      // The hour of one job, half way through the file.
      const at = text.indexOf(`customer-${Math.floor(Math.min(count, 100_000) / 2)}"`);
      const from = at < 0 ? text.indexOf(`customer-${Math.floor(Math.min(count, 100_000) / 2)}:`) : at;
      const changed = text.slice(0, from) + text.slice(from).replace(/\d+ \d+ 1 1 \*/, `${round} 2 1 1 *`);
      await sampled(child);
      const before = processUse(child.pid ?? 0).cpuMs;
      const loaded = seen("config.loaded");
      const began = performance.now();
      await project.write(file, changed);
      await loaded;
      const inForceAfterMs = performance.now() - began;
      await sleep(AFTER_MS);
      const cpuMs = processUse(child.pid ?? 0).cpuMs - before;
      rounds.push({ inForceAfterMs, cpuMs, ...(await sampled(child)) });
    }
  } finally {
    child.kill("SIGTERM");
    await Promise.race([once(child, "exit"), sleep(10_000)]);
    child.kill("SIGKILL");
    await server.stop();
    await project.dispose();
  }
  return rounds;
}

const COLUMNS: readonly (readonly [string, keyof Round])[] = [
  ["in force after ms", "inForceAfterMs"],
  ["CPU ms of the process", "cpuMs"],
  ["longest stretch, CPU ms", "longestCpuMs"],
  ["by the clock, ms", "longestMs"],
  ["stretches over 20 ms", "over20"],
];
const results: { readonly jobs: number; readonly format: string; readonly rounds: readonly Round[] }[] = [];
for (const format of values.formats.split(",")) {
  const rounds = await withProgress(`${values.jobs} jobs, ${format}`, () => roundsOf(format));
  results.push({ jobs: Number(values.jobs), format, rounds });
}

/** The median, and the range of all rounds. */
function shown(rounds: readonly Round[], key: keyof Round): string {
  const all = rounds.map(one => one[key]);
  const [median, least, most] = [percentile(all, 0.5), Math.min(...all), Math.max(...all)];
  return `${median.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`;
}

console.log(`| jobs | format | ${COLUMNS.map(([title]) => title).join(" | ")} |`);
console.log(`| --- | --- |${COLUMNS.map(() => " --- |").join("")}`);
for (const { jobs, format, rounds } of results) {
  console.log(`| ${jobs} | ${format} | ${COLUMNS.map(([, key]) => shown(rounds, key)).join(" | ")} |`);
}
const machine = {
  node: process.version,
  platform: process.platform,
  cpuinfo: readFileSync("/proc/cpuinfo", "utf8").match(/model name\s*: (.*)/)?.[1],
};
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ machine, results }, null, 2)}\n`);
