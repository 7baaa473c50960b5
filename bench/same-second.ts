/**
 * Many jobs due in the same second, every second: how long until all of them are launched, and until their
 * handlers start. Beside it BullMQ's own job schedulers do the same, on the same machine, one after the other.
 *
 *     node bench/same-second.ts [--jobs 1000] [--seconds 15] [--processes 2] [--concurrency 50]
 *
 * The time of a launch is what Redis says: BullMQ's event stream carries the server's clock in its entry ids.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { withProgress } from "../src/cli/progress.ts";
import { createProject } from "../test/support/project.ts";
import { startRedis } from "../test/support/redis-server.ts";
import { percentile } from "./support/percentile.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "1000" },
    seconds: { type: "string", default: "15" },
    processes: { type: "string", default: "2" },
    concurrency: { type: "string", default: "50" },
  },
});
const JOBS = Number(values.jobs);
const SECONDS = Number(values.seconds);
const PROCESSES = Number(values.processes);
const ROOT = path.resolve(import.meta.dirname, "..");
/** The first seconds belong to start-up: processes boot, code is compiled. */
const WARM_UP_S = 5;

interface Outcome {
  readonly name: string;
  /** Per second: from the tick until the last of its jobs was added. */
  readonly allLaunchedMs: readonly number[];
  /** Per run: from the tick until its handler started. */
  readonly startMs: readonly number[];
  readonly expected: number;
  readonly launched: number;
}

type Launch = (out: string, url: string) => Promise<readonly ChildProcess[]>;

async function measure(
  name: string,
  prefix: string,
  launch: Launch,
  tickOf: (id: string) => number,
): Promise<Outcome> {
  const server = await startRedis();
  const scratch = await createProject({ "out/.keep": "" });
  const out = path.join(scratch.dir, "out", "lateness");
  const redis = new Redis(server.url);
  const children = await launch(out, server.url);
  const added = new Map<number, number[]>();
  let last = "0";
  const readEvents = async () => {
    const entries = await redis.xrange(`${prefix}:default:events`, `(${last}`, "+");
    for (const [id, fields] of entries) {
      last = id;
      if (fields[1] !== "waiting") continue;
      const tick = tickOf(fields[3] ?? "");
      const list = added.get(tick) ?? [];
      list.push(Number(id.split("-")[0]) - tick);
      added.set(tick, list);
    }
  };
  const endMs = performance.now() + (WARM_UP_S + SECONDS) * 1_000;
  await withProgress(`${name}, for ${WARM_UP_S + SECONDS} s`, async () => {
    while (performance.now() < endMs) {
      await sleep(200);
      await readEvents();
    }
  });
  const stopTick = Date.now();
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map(child => once(child, "exit")));
  await readEvents();
  const folder = path.dirname(out);
  const files = (await readdir(folder)).filter(file => file.startsWith("lateness."));
  const startMs = (await Promise.all(files.map(file => readFile(path.join(folder, file), "utf8")))).flatMap(
    text => JSON.parse(text) as number[],
  );
  redis.disconnect();
  await server.stop();
  await scratch.dispose();

  const first = Math.min(...added.keys()) + WARM_UP_S * 1_000;
  const measured = [...added].filter(([tick]) => tick >= first && tick < stopTick - 1_000);
  return {
    name,
    allLaunchedMs: measured.map(([, list]) => Math.max(...list)),
    startMs: startMs.slice(Math.floor(startMs.length / 4)),
    expected: measured.length * JOBS,
    launched: measured.reduce((sum, [, list]) => sum + list.length, 0),
  };
}

function spawnNode(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function bellwether(): Promise<Outcome> {
  const jobs = Array.from({ length: JOBS }, (_, i) => `  job-${i}: { every: 1s, handler: note }`);
  const project = await createProject({
    "config/bellwether.yaml": [
      `redis: { url: "\${REDIS_URL}" }`,
      `queues: { default: { concurrency: ${values.concurrency} } }`,
      `http: false`,
      `log: { level: warn }`,
    ].join("\n"),
    "config/jobs.yaml": ["jobs:", ...jobs].join("\n"),
    "jobs/note.ts": [
      `import { defineHandler } from "bellwether";`,
      `import { noteStart } from "${ROOT}/bench/support/start-times.ts";`,
      `export default defineHandler(async (_, run) => noteStart(run.tick.getTime()));`,
    ].join("\n"),
  });
  const launch: Launch = async (out, url) =>
    Array.from({ length: PROCESSES }, () =>
      spawnNode([`${ROOT}/src/main.ts`, "run", "--config", project.configDir], {
        BENCH_OUT: out,
        REDIS_URL: url,
      }),
    );
  const tickOf = (id: string) =>
    Date.parse(id.replace(/^.*@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const outcome = await measure("Bellwether", "{bellwether}", launch, tickOf);
  await project.dispose();
  return outcome;
}

async function jobSchedulers(): Promise<Outcome> {
  const script = path.join(ROOT, "bench/contenders/bullmq-schedulers.ts");
  const launch: Launch = async (out, url) =>
    Array.from({ length: PROCESSES }, (_, i) =>
      spawnNode([script, url, values.jobs, values.concurrency, i === 0 ? "upsert" : "-"], { BENCH_OUT: out }),
    );
  return measure("BullMQ job schedulers", "bull", launch, id => Number(id.split(":").at(-1)));
}

function row(outcome: Outcome): string[] {
  const ms = (list: readonly number[], share: number) => String(Math.round(percentile(list, share)));
  const { allLaunchedMs, startMs } = outcome;
  return [
    outcome.name,
    ...[0.5, 0.99, 1].map(share => ms(allLaunchedMs, share)),
    ...[0.5, 0.99, 1].map(share => ms(startMs, share)),
    `${outcome.launched} / ${outcome.expected}`,
  ];
}

const outcomes = [await bellwether(), await jobSchedulers()];
const head = ["", "launched p50", "p99", "max", "started p50", "p99", "max", "launched / expected"];
console.log(
  `${JOBS} jobs every second for ${SECONDS} s, ${PROCESSES} processes, concurrency ${values.concurrency} each`,
);
console.log(
  "launched: ms from the tick until the last of its jobs was waiting for a worker; started: ms until a handler ran\n",
);
console.log(`| ${head.join(" | ")} |\n|${head.map(() => " --- |").join("")}`);
for (const outcome of outcomes) console.log(`| ${row(outcome).join(" | ")} |`);
