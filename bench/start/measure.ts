import { setTimeout as sleep } from "node:timers/promises";
import { startRedis, type TestRedis } from "../../test/support/redis-server.ts";
import { countCommands } from "../idle/command-count.ts";
import type { Figures } from "../report/bench-result.ts";
import { percentile } from "../support/percentile.ts";
import { processUse } from "../support/process-use.ts";
import { SchedulerProcess } from "./process.ts";

const SECOND_MS = 1_000;
/** A kill comes this long before a tick, which so falls into the time without a leader. */
const BEFORE_TICK_MS = 100;
/** A replica reports no other as gone in the first second of its connection. */
const SETTLE_MS = 1_500;

export interface StartOptions {
  /** With one job that is due every second, and has ended soon. */
  readonly configDir: string;
  /** With one that is due every second for as long as it lasts. */
  readonly killedConfigDir: string;
  readonly restSeconds: number;
  readonly kills: number;
}

/** One start on a Redis of its own, its rest, and its kills. */
export async function measureStart(options: StartOptions): Promise<Figures> {
  const server = await startRedis();
  const processes: SchedulerProcess[] = [];
  const launch = (configDir: string) => {
    const started = new SchedulerProcess(configDir, server.url);
    processes.push(started);
    return started;
  };
  try {
    const leader = launch(options.configDir);
    const leads = await leader.first("leader.elected");
    const launches = await leader.first("tick.launched");
    const redisMs = processUse(server.pid).cpuMs;
    const rest = await measureRest(leader, server, options);
    await leader.stop();
    const { elected, launched } = await measureKills(() => launch(options.killedConfigDir), options.kills);
    return {
      leadsAfterMs: leads.afterMs,
      launchesAfterMs: launches.afterMs,
      cpuMs: leads.cpuMs,
      redisMs,
      ...rest,
      electedMs: percentile(elected, 0.5),
      electedP95Ms: percentile(elected, 0.95),
      launchedMs: percentile(launched, 0.5),
      launchedP95Ms: percentile(launched, 0.95),
    };
  } finally {
    await Promise.all(processes.map(one => one.stop()));
    await server.stop();
  }
}

/** While nothing is due. What a leader checks once, or once an hour, it has checked after a minute. */
async function measureRest(leader: SchedulerProcess, server: TestRedis, { restSeconds }: StartOptions) {
  await sleep(restSeconds * SECOND_MS);
  const { restingMib, peakMib } = leader.use();
  await sleep(restSeconds * SECOND_MS);
  const { cpuMs: beforeMs } = leader.use();
  const idleMs = (restSeconds * SECOND_MS) / 2;
  const { sent } = await countCommands(server.port, sleep(idleMs), () => "");
  const commands = [...sent.values()].reduce((sum, count) => sum + count, 0);
  return {
    restingMib,
    peakMib,
    idleShare: ((leader.use().cpuMs - beforeMs) / idleMs) * 100,
    commands: (commands / idleMs) * SECOND_MS,
  };
}

/** From the kill of the leader until another replica was elected, and until that one launched. */
async function measureKills(launch: () => SchedulerProcess, kills: number) {
  const elected: number[] = [];
  const launched: number[] = [];
  let leader = launch();
  await leader.first("tick.launched");
  for (let i = 0; i < kills; i++) {
    const next = launch();
    await next.first("leader.observed");
    await sleep(SETTLE_MS);
    await sleep(SECOND_MS - ((Date.now() + BEFORE_TICK_MS) % SECOND_MS));
    const killedMs = performance.now() - next.beganMs;
    const ended = leader.kill();
    elected.push((await next.first("leader.elected", killedMs)).afterMs - killedMs);
    launched.push((await next.first("tick.launched", killedMs)).afterMs - killedMs);
    await ended;
    leader = next;
  }
  return { elected, launched };
}
