import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createProject } from "../../test/support/project.ts";
import { startRedis } from "../../test/support/redis-server.ts";
import { percentile } from "../support/percentile.ts";
import { processUse } from "../support/process-use.ts";
import type { StartTime } from "../support/start-times.ts";
import type { Contender, Load } from "./contenders.ts";
import { type CommandUse, resetServerUse, serverUse } from "./server-use.ts";

/** The first seconds belong to the start: processes boot, code is compiled. */
const WARM_UP_S = 5;
const START_LIMIT_MS = 120_000;
const EVENTS_READ_MS = 200;

export interface Round {
  /** Milliseconds from the tick. Of launches, one figure for each second: until the last of its jobs was added. */
  readonly launched: Spread;
  readonly started: Spread;
  readonly runs: number;
  readonly expected: number;
  /** Runs added a second. */
  readonly rate: number;
  /** For 1,000 runs, milliseconds. */
  readonly nodeCpu: number;
  readonly redisCpu: number;
  /** For 1,000 runs, of the commands that cost most. */
  readonly commands: Readonly<Record<string, CommandUse>>;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** One contender for some seconds, on a server of its own. The time of a launch is that of Redis, from BullMQ's events. */
export async function measureRound(contender: Contender, load: Load, seconds: number): Promise<Round> {
  const server = await startRedis();
  const scratch = await createProject({ "out/.keep": "" });
  const out = path.join(scratch.dir, "out", "starts");
  const redis = new Redis(server.url);
  const { children, dispose } = await contender.start(load, server.url, out);
  try {
    const counter = `${contender.prefix}:default:id`;
    const count = async () => Number((await redis.get(counter)) ?? 0);
    const limitMs = performance.now() + START_LIMIT_MS;
    while ((await count()) < load.jobs) {
      if (performance.now() > limitMs) throw new Error(`${contender.name} launched nothing for too long`);
      await sleep(EVENTS_READ_MS);
    }
    await sleep(1_000 * WARM_UP_S);
    const cpuOf = () => children.reduce((sum, { pid }) => sum + processUse(pid ?? 0).cpuMs, 0);
    const added = new Launches(redis, contender);
    await added.skip();
    const before = { cpuMs: cpuOf(), redisMs: await resetServerUse(redis), count: await count() };
    const fromMs = Date.now();
    while (Date.now() < fromMs + 1_000 * seconds) {
      await sleep(EVENTS_READ_MS);
      // Beside a saturated server reading them would be what is measured.
      if (load.isWorkedOff || contender.tickOf("") !== 0) await added.read();
    }
    const untilMs = Date.now();
    const use = await serverUse(redis, before.redisMs);
    const runs = (await count()) - before.count;
    const cpuMs = cpuOf() - before.cpuMs;
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map(child => (child.exitCode === null ? once(child, "exit") : null)));
    const isMeasured = (tick: number) => tick >= fromMs && tick < untilMs - 1_000;
    const measured = [...added.byTick].filter(([tick]) => isMeasured(tick)).map(([, list]) => list);
    const starts = (await readStarts(path.dirname(out))).filter(([tick]) => isMeasured(tick));
    const per = 1_000 / Math.max(runs, 1);
    return {
      launched: spreadOf(measured.map(list => Math.max(...list))),
      started: spreadOf(starts.map(([, lateMs]) => lateMs)),
      runs: measured.flat().length,
      expected: measured.length * load.jobs,
      rate: (1_000 * runs) / (untilMs - fromMs),
      nodeCpu: cpuMs * per,
      redisCpu: use.cpuMs * per,
      commands: dearest(use.commands, per),
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    redis.disconnect();
    await server.stop();
    await scratch.dispose();
    await dispose();
  }
}

/** When runs were added, as BullMQ's event stream says: the ids of its entries have the clock of the server. */
class Launches {
  /** By tick, how late each run was. */
  readonly byTick = new Map<number, number[]>();
  readonly #redis: Redis;
  readonly #contender: Contender;
  #last = "0";

  constructor(redis: Redis, contender: Contender) {
    this.#redis = redis;
    this.#contender = contender;
  }

  get #events(): string {
    return `${this.#contender.prefix}:default:events`;
  }

  /** Passes over what is there. */
  async skip(): Promise<void> {
    this.#last = (await this.#redis.xrevrange(this.#events, "+", "-", "COUNT", 1))[0]?.[0] ?? "0";
  }

  async read(): Promise<void> {
    for (const [id, fields] of await this.#redis.xrange(this.#events, `(${this.#last}`, "+")) {
      this.#last = id;
      if (fields[1] !== "waiting") continue;
      const tick = this.#contender.tickOf(fields[3] ?? "");
      const list = this.byTick.get(tick) ?? [];
      list.push(Number(id.split("-")[0]) - tick);
      this.byTick.set(tick, list);
    }
  }
}

async function readStarts(folder: string): Promise<StartTime[]> {
  const files = (await readdir(folder)).filter(file => file.startsWith("starts."));
  const texts = await Promise.all(files.map(file => readFile(path.join(folder, file), "utf8")));
  return texts.flatMap(text => JSON.parse(text) as StartTime[]);
}

function spreadOf(values: readonly number[]): Spread {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99), max: percentile(values, 1) };
}

const DEAREST = 14;

function dearest(commands: Readonly<Record<string, CommandUse>>, per: number): Record<string, CommandUse> {
  const sorted = Object.entries(commands).sort(([, a], [, b]) => b.ms - a.ms);
  const shown = sorted.slice(0, DEAREST);
  return Object.fromEntries(
    shown.map(([name, { calls, ms }]) => [name, { calls: calls * per, ms: ms * per }]),
  );
}
