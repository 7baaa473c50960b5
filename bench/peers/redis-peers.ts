/** Contenders on Redis: Bellwether, and BullMQ's own job schedulers. */
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { createProject } from "../../test/support/project.ts";
import { startRedis, type TestRedis, type TestRedisOptions } from "../../test/support/redis-server.ts";
import { type Load, type Peer, PeerProcesses } from "./peer.ts";
import { RunEvents } from "./run-events.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const NAMESPACE = "{bench}";

export interface RedisPeer extends Peer {
  readonly server: TestRedis;
  readonly events: RunEvents;
}

interface Kind {
  /** Starts the processes, and resolves when they work. */
  readonly start: (processes: PeerProcesses, url: string) => Promise<() => Promise<void>>;
  readonly queue: string;
  readonly tickOf: (run: string) => number;
}

const RECONNECT_MS = 10;

/** `policies`: more keys of each job. */
export function startBellwether(
  load: Load,
  policies: object = {},
  redis: TestRedisOptions = {},
): Promise<RedisPeer> {
  const job = { cron: load.expression, handler: "note", ...policies };
  const jobs = Object.fromEntries(Array.from({ length: load.jobs }, (_, i) => [`job-${i}`, job]));
  const start = async (processes: PeerProcesses, url: string) => {
    const project = await createProject({
      "config/bellwether.yaml": [
        `namespace: bench`,
        `redis: { url: "${url}" }`,
        `queues: { default: { concurrency: ${load.concurrency} } }`,
        `http: false`,
        `log: { level: info }`,
      ].join("\n"),
      "config/jobs.json": JSON.stringify({ jobs }),
      "jobs/note.ts": [
        `import { defineHandler } from "bellwether";`,
        `import { noteRun } from "${ROOT}/bench/peers/run-log.ts";`,
        `export default defineHandler(async (_, run) => noteRun(run.tick.getTime()));`,
      ].join("\n"),
    });
    await Promise.all(
      Array.from({ length: load.processes }, () => untilItLeadsOrFollows(processes, project.configDir)),
    );
    return project.dispose;
  };
  return startOnRedis({ start, queue: `${NAMESPACE}:default`, tickOf: tickOfRun }, redis);
}

export function startJobSchedulers(load: Load, redis: TestRedisOptions = {}): Promise<RedisPeer> {
  const { jobs, expression, concurrency } = load;
  const start = async (processes: PeerProcesses, url: string) => {
    const pods = Array.from({ length: load.processes }, (_, i) =>
      processes.fork("bullmq-cron.ts", [url, jobs, expression, concurrency, i === 0 ? "upsert" : "-"]),
    );
    await Promise.all(pods);
    return async () => undefined;
  };
  return startOnRedis({ start, queue: "bull:default", tickOf: run => Number(run.split(":").at(-1)) }, redis);
}

async function untilItLeadsOrFollows(processes: PeerProcesses, configDir: string): Promise<void> {
  const child = processes.spawn([`${ROOT}/src/main.ts`, "run", "--config", configDir, "--log", "json"], {});
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", line => {
      if (/"leader\.(elected|observed)"/.test(line)) resolve();
    });
  }
  once(child, "exit").then(() => reject(new Error("a replica has ended")), reject);
  await promise;
}

async function startOnRedis({ start, queue, tickOf }: Kind, options: TestRedisOptions): Promise<RedisPeer> {
  const server = await startRedis(options);
  // After an outage it must be there before the others: their events are kept only by it.
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => RECONNECT_MS });
  redis.on("error", () => undefined);
  const processes = await PeerProcesses.create();
  const events = new RunEvents(redis, queue, tickOf);
  let dispose = async (): Promise<void> => undefined;
  const stop = async () => {
    events.stop();
    await processes.stop();
    redis.disconnect();
    await server.stop();
    await dispose();
  };
  try {
    events.keepAll();
    dispose = await start(processes, server.url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, events, stop, starts: () => processes.starts(), launches: () => events.launches() };
}

/** A run is called <job>@<tick>. */
function tickOfRun(run: string): number {
  return Date.parse(run.replace(/^.*@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
