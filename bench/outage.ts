/**
 * Redis does not answer for a minute, under 200 ticks a second. How many ticks does each contender lose, and how long does it take
 * until ticks are on time again? `frozen`: Redis is stopped with its connections (SIGSTOP). `down`: it is ended, and started again with
 * the same data.
 *
 *     node bench/outage.ts [--kinds frozen,down] [--jobs 200] [--outage 60] [--rounds 3] [--processes 2] [--concurrency 50]
 *         [--contenders Bellwether] [--json FILE]
 *
 * Bellwether's jobs have `catchUp: all`. A job scheduler of BullMQ has no such choice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type RedisPeer, startBellwether, startJobSchedulers } from "./peers/redis-peers.ts";
import type { Start } from "./peers/run-log.ts";
import type { Figures } from "./report/bench-result.ts";
import { benchOptions } from "./support/bench-options.ts";
import { compare } from "./support/comparison.ts";

const values = benchOptions({
  kinds: { type: "string", default: "frozen,down" },
  jobs: { type: "string", default: "200" },
  outage: { type: "string", default: "60" },
  rounds: { type: "string", default: "3" },
  processes: { type: "string", default: "2" },
  concurrency: { type: "string", default: "50" },
  contenders: { type: "string" },
  json: { type: "string" },
});
const JOBS = Number(values.jobs);
const OUTAGE_MS = 1_000 * Number(values.outage);
const SECOND_MS = 1_000;
const WARM_UP_MS = 5_000;
/** What is measured before the outage, and at the least after it. */
const AROUND_MS = 5_000;
const LIMIT_MS = 90_000;
const CHECK_EVERY_MS = 500;
/** The last three seconds without a late tick: it has caught up. */
const QUIET_TICKS = 3;
/** A data folder that survives a restart. */
const REDIS = { args: ["--save", "", "--appendonly", "yes"] };
const LOAD = {
  jobs: JOBS,
  expression: "* * * * * *",
  processes: Number(values.processes),
  concurrency: Number(values.concurrency),
};
const CONTENDERS: Readonly<Record<string, () => Promise<RedisPeer>>> = {
  Bellwether: () => startBellwether(LOAD, { catchUp: "all", catchUpLimit: 10_000 }, REDIS),
  "BullMQ job schedulers": () => startJobSchedulers(LOAD, REDIS),
};

async function measure(name: string, contender: string): Promise<Figures> {
  const peer = await CONTENDERS[contender]?.();
  if (peer === undefined) throw new Error(`no contender is called ${contender}`);
  try {
    await sleep(WARM_UP_MS);
    const fromMs = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS;
    await sleep(fromMs + AROUND_MS - Date.now());
    if (name.startsWith("frozen")) {
      await peer.server.kill("SIGSTOP");
      await sleep(OUTAGE_MS);
      await peer.server.kill("SIGCONT");
    } else {
      await peer.server.kill("SIGTERM");
      await sleep(OUTAGE_MS);
      await peer.server.restart();
    }
    const backMs = Date.now();
    const untilMs = await untilPunctual(peer, backMs);
    const launches = (await peer.launches()) ?? [];
    return figuresOf(launches, { fromMs, backMs, untilMs }, peer.events.doubled);
  } finally {
    await peer.stop();
  }
}

/** Resolves with the last tick that is judged. */
async function untilPunctual(peer: RedisPeer, backMs: number): Promise<number> {
  const endMs = backMs + LIMIT_MS;
  await sleep(AROUND_MS);
  for (;;) {
    await sleep(CHECK_EVERY_MS);
    const launches = (await peer.launches()) ?? [];
    const lastMs = Math.floor(Date.now() / SECOND_MS) * SECOND_MS - SECOND_MS;
    const newest = launches.filter(
      ([tickAtMs]) => tickAtMs > lastMs - QUIET_TICKS * SECOND_MS && tickAtMs <= lastMs,
    );
    const punctual = newest.filter(([, lateMs]) => lateMs <= SECOND_MS);
    if (punctual.length === QUIET_TICKS * JOBS || Date.now() > endMs) return lastMs;
  }
}

interface Times {
  readonly fromMs: number;
  readonly backMs: number;
  readonly untilMs: number;
}

function figuresOf(launches: readonly Start[], { fromMs, backMs, untilMs }: Times, doubled: number): Figures {
  const judged = launches.filter(([tickAtMs]) => tickAtMs >= fromMs && tickAtMs <= untilMs);
  const perTick = new Map<number, number>();
  for (const [tickAtMs] of judged) perTick.set(tickAtMs, (perTick.get(tickAtMs) ?? 0) + 1);
  let lost = 0;
  let lastMs = backMs;
  for (let tickAtMs = fromMs; tickAtMs <= untilMs; tickAtMs += SECOND_MS) {
    const missing = JOBS - (perTick.get(tickAtMs) ?? 0);
    lost += missing;
    if (missing > 0 && tickAtMs > backMs) lastMs = Math.max(lastMs, tickAtMs + SECOND_MS);
  }
  for (const [tickAtMs, lateMs] of judged) {
    if (lateMs > SECOND_MS) lastMs = Math.max(lastMs, tickAtMs + lateMs);
  }
  const ticks = JOBS * (1 + (untilMs - fromMs) / SECOND_MS);
  return { ticks, lost, doubled, caughtUpS: (lastMs - backMs) / 1_000 };
}

await compare({
  bench: "outage",
  cases: values.kinds.split(",").map(kind => `${kind} for ${values.outage} s`),
  contenders: values.contenders?.split(",") ?? Object.keys(CONTENDERS),
  columns: [
    { key: "ticks", title: "ticks" },
    { key: "lost", title: "lost" },
    { key: "doubled", title: "launched twice" },
    { key: "caughtUpS", title: "on time again after s", digits: 1 },
  ],
  rounds: Number(values.rounds),
  json: values.json,
  measure,
});
