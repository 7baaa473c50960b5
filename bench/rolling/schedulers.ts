import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Redis } from "ioredis";
import { PeriodicTask } from "../../src/clock/periodic-task.ts";
import { sleep } from "../../src/clock/sleep.ts";
import { SurvivingStream, writtenAt } from "../../test/chaos/surviving-stream.ts";
import { startRedis } from "../../test/support/redis-server.ts";
import type { Pod } from "../../test/support/rolling-restart.ts";
import { type BenchJob, type Lateness, type Outcome, READ_MS, type RollingOptions } from "./outcome.ts";
import { restartAgainAndAgain } from "./restart.ts";

export interface SchedulersOutcome extends Outcome {
  /** Upserts that BullMQ refused, because a run of the same tick was just being worked on; they were tried again. */
  readonly refused: number;
}

const SCRIPT = path.resolve(import.meta.dirname, "../contenders/bullmq-scheduler-pod.ts");

/** The same restarts of pods that upsert BullMQ's own job schedulers when they boot. */
export async function measureSchedulers(options: RollingOptions): Promise<SchedulersOutcome> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const stream = new SurvivingStream("bull:default:events");
  const reading = new PeriodicTask({
    clock: { sleep },
    intervalMs: READ_MS,
    act: () => stream.readOn(redis),
  });
  const children: ChildProcess[] = [];
  let refused = 0;
  const start = (): Pod => {
    const child = spawnPod(server.url, options);
    children.push(child);
    return podOf(child, count => {
      refused += count;
    });
  };
  try {
    reading.start();
    const { fromAtMs, untilAtMs, pods, stallMs, end } = await restartAgainAndAgain(options, start);
    await end();
    await reading.stop();
    await stream.readOn(redis);

    const ready = firstOf(stream, "waiting");
    const ran = firstOf(stream, "completed");
    const lateness = [...ready]
      .map(([run, at]): Lateness => ({ tickAtMs: tickOf(run), lateMs: at - tickOf(run) }))
      .filter(({ tickAtMs }) => tickAtMs >= fromAtMs && tickAtMs <= untilAtMs);
    const gaps = options.jobs.map(job => countGaps(job, [...ran.keys()], fromAtMs, untilAtMs));
    const sum = (count: "ran" | "lost" | "doubled") => gaps.reduce((total, gap) => total + gap[count], 0);
    return {
      name: "BullMQ job schedulers",
      ticks: sum("ran") - sum("doubled") + sum("lost"),
      lost: sum("lost"),
      doubled: sum("doubled"),
      lateness,
      pods,
      stallMs,
      refused,
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    redis.disconnect();
    await server.stop();
  }
}

function spawnPod(url: string, { jobs, isSameInstant }: RollingOptions): ChildProcess {
  const periods = Object.fromEntries(jobs.map(({ name, periodMs }) => [name, periodMs]));
  const args = [SCRIPT, url, JSON.stringify(periods), ...(isSameInstant ? ["same-instant"] : [])];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

/** When it takes part, a pod prints how many of its upserts were refused. */
function podOf(child: ChildProcess, onRefused: (count: number) => void): Pod {
  const ended = once(child, "exit");
  const ready = Promise.race([
    once(child.stdout ?? child, "data").then(([text]) => onRefused(Number(text))),
    ended.then(([code]) => Promise.reject(new Error(`a pod of BullMQ's ended with ${code}`))),
  ]);
  ready.catch(() => undefined);
  return {
    whenReady: () => ready,
    end: async () => {
      child.kill("SIGTERM");
      await ended;
      return child.exitCode;
    },
  };
}

/** When each run had its first such event, by the clock of Redis. */
function firstOf({ entries }: SurvivingStream, event: string): Map<string, number> {
  const first = new Map<string, number>();
  for (const entry of entries) {
    const run = entry.fields["jobId"] ?? "";
    if (entry.fields["event"] === event && !first.has(run)) first.set(run, writtenAt(entry));
  }
  return first;
}

/** A scheduler's run is called repeat:<scheduler>:<tick in epoch ms>. */
function tickOf(run: string): number {
  return Number(run.split(":").at(-1));
}

/** With `every` a scheduler's ticks begin when it does, so they are judged by the time from one to the next. */
function countGaps(
  { name, periodMs }: BenchJob,
  runs: readonly string[],
  fromAtMs: number,
  untilAtMs: number,
) {
  const ticks = runs
    .filter(run => run.startsWith(`repeat:${name}:`))
    .map(tickOf)
    .filter(tickAtMs => tickAtMs >= fromAtMs && tickAtMs <= untilAtMs)
    .sort((a, b) => a - b);
  const edges = [...ticks, untilAtMs];
  const periods = edges.slice(1).map((tickAtMs, i) => (tickAtMs - (edges[i] ?? 0)) / periodMs);
  const between = periods.slice(0, -1).map(Math.round);
  const lost = between.reduce((sum, count) => sum + Math.max(count - 1, 0), Math.floor(periods.at(-1) ?? 0));
  return { ran: ticks.length, lost, doubled: between.filter(count => count === 0).length };
}
