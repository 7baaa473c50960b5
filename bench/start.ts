/**
 * How long a process takes from its start until it leads and launches, what it holds in memory, and how long a takeover takes,
 * with many jobs.
 *
 *     npm run bench -- start [--jobs 1000,100000,1000000] [--formats json,yaml] [--rounds 3] [--rest 30] [--kills 10]
 *         [--json FILE]
 *
 * The processes have the role of a scheduler, and run the built package. The jobs have 500 expressions, due once a year. One job beside
 * them is due three times, a second apart: its first launch shows that the leader has opened its term and plans. Memory is measured
 * after `--rest` seconds, CPU time and commands after twice as many. Times begin with the start of the process. The CPU time says more
 * than the clock on a machine that does other work. Then one job is due every second, a second process starts, and the leader is killed
 * (SIGKILL) just before a tick, again and again.
 */
import { createProject } from "../test/support/project.ts";
import { measureStart } from "./start/measure.ts";
import { buildPackage } from "./start/process.ts";
import { benchOptions } from "./support/bench-options.ts";
import { compare } from "./support/comparison.ts";
import { jobsFiles } from "./support/many-jobs.ts";

const values = benchOptions({
  jobs: { type: "string", default: "1000,100000,1000000" },
  formats: { type: "string", default: "json,yaml" },
  rounds: { type: "string", default: "3" },
  rest: { type: "string", default: "30" },
  kills: { type: "string", default: "10" },
  json: { type: "string" },
});

const [restSeconds, kills] = [Number(values.rest), Number(values.kills)];

function projectOf(jobs: string, format: string, beat: string) {
  return createProject({
    ...jobsFiles(Number(jobs), format),
    "config/jobs.yaml": `jobs:\n  beat: ${beat}\n`,
    "config/bellwether.yaml": `redis: { url: "\${REDIS_URL}" }\nhttp: false\nlog: { level: debug }\n`,
    "jobs/task.ts":
      'import { defineHandler } from "bellwether";\nexport default defineHandler(async () => undefined);\n',
  });
}

async function measure(jobs: string, format: string) {
  const resting = await projectOf(jobs, format, "{ every: 1s, handler: task, maxRuns: 3 }");
  const killed = await projectOf(jobs, format, "{ every: 1s, handler: task }");
  try {
    return await measureStart({
      configDir: resting.configDir,
      killedConfigDir: killed.configDir,
      restSeconds,
      kills,
    });
  } finally {
    await Promise.all([resting.dispose(), killed.dispose()]);
  }
}

buildPackage();
await compare({
  bench: "start",
  columns: [
    { key: "leadsAfterMs", title: "leads after ms" },
    { key: "launchesAfterMs", title: "launches after ms" },
    { key: "cpuMs", title: "CPU ms until it leads" },
    { key: "redisMs", title: "CPU ms of Redis until it launches" },
    { key: "restingMib", title: `MiB after ${restSeconds} s` },
    { key: "peakMib", title: "peak MiB" },
    { key: "idleShare", title: "idle, % of a core", digits: 1 },
    { key: "commands", title: "commands a second", digits: 1 },
    { key: "electedMs", title: "killed: elected after ms, median" },
    { key: "electedP95Ms", title: "p95" },
    { key: "launchedMs", title: "killed: launches after ms, median" },
    { key: "launchedP95Ms", title: "p95 " },
  ],
  cases: values.jobs.split(","),
  contenders: values.formats.split(","),
  rounds: Number(values.rounds),
  json: values.json,
  measure,
});
