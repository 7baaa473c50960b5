import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createProject } from "../../test/support/project.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

export interface Load {
  /** How many jobs are due in each second. */
  readonly jobs: number;
  readonly processes: number;
  readonly concurrency: number;
  /** False: runs are launched, and nothing works them off. */
  readonly isWorkedOff: boolean;
}

export interface Contender {
  readonly name: string;
  /** BullMQ's. */
  readonly prefix: string;
  /** The tick that a run is of, by the run's id (epoch ms). */
  readonly tickOf: (id: string) => number;
  readonly start: (load: Load, url: string, out: string) => Promise<Started>;
}

export interface Started {
  readonly children: readonly ChildProcess[];
  dispose(): Promise<void>;
}

function spawnNode(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** `more`: settings of each job. */
export function bellwether(more = ""): Contender {
  return {
    name: "Bellwether",
    prefix: "{bellwether}",
    tickOf: id =>
      Date.parse(id.replace(/^.*@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z")),
    start: async ({ jobs, processes, concurrency, isWorkedOff }, url, out) => {
      const lines = Array.from({ length: jobs }, (_, i) => `  job-${i}: { every: 1s, handler: note${more} }`);
      const project = await createProject({
        "config/bellwether.yaml": [
          `redis: { url: "\${REDIS_URL}" }`,
          `queues: { default: { concurrency: ${concurrency} } }`,
          `http: false`,
          `admin: false`,
          `log: { level: warn }`,
        ].join("\n"),
        "config/jobs.yaml": ["jobs:", ...lines].join("\n"),
        "jobs/note.ts": [
          `import { defineHandler } from "bellwether";`,
          `import { noteStart } from "${ROOT}/bench/support/start-times.ts";`,
          `export default defineHandler(async (_, run) => noteStart(run.tick.getTime()));`,
        ].join("\n"),
      });
      const roles = isWorkedOff ? [] : ["--roles", "scheduler"];
      const args = [`${ROOT}/src/main.ts`, "run", "--config", project.configDir, ...roles];
      const children = Array.from({ length: processes }, () =>
        spawnNode(args, { BENCH_OUT: out, REDIS_URL: url }),
      );
      return { children, dispose: () => project.dispose() };
    },
  };
}

const NOTHING = async () => undefined;

export const jobSchedulers: Contender = {
  name: "BullMQ job schedulers",
  prefix: "bull",
  tickOf: id => Number(id.split(":").at(-1)),
  start: async ({ jobs, processes, concurrency }, url, out) => {
    const script = path.join(ROOT, "bench/contenders/bullmq-schedulers.ts");
    const children = Array.from({ length: processes }, (_, i) =>
      spawnNode([script, url, `${jobs}`, `${concurrency}`, i === 0 ? "upsert" : "-"], { BENCH_OUT: out }),
    );
    return { children, dispose: NOTHING };
  },
};

export const addBulk: Contender = {
  name: "BullMQ addBulk",
  prefix: "bull",
  tickOf: () => 0,
  start: async ({ jobs }, url) => {
    const script = path.join(ROOT, "bench/contenders/bullmq-add-bulk.ts");
    return { children: [spawnNode([script, url, `${jobs}`], {})], dispose: NOTHING };
  },
};
