import { expect } from "vitest";
import { Launcher } from "../../src/launch/launcher.ts";
import { LeaderLoop } from "../../src/leader/leader-loop.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test as it } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const FENCE = "1:t";
const LATE_TICKS = 20_000;

it("launches on time beside jobs that have a long backlog, and misses nothing", async ({
  server,
  onTestFinished,
}) => {
  const keys = redisKeys(namespace());
  const [clock, recorder] = [realClock(), new Recorder()];
  const redis = connectRedis({ kind: "url", url: server.url }, "noRetry", "test");
  onTestFinished(() => redis.disconnect());
  await new Promise(resolve => redis.once("ready", resolve));
  const late = Array.from({ length: 15 }, (_, i) => jobOf(`late-${i}`, { catchUpWindowMs: 1e9 }));
  const punctual = [jobOf("none", { catchUp: "none" }), jobOf("latest", { catchUp: "latest" })];
  const jobs = [...late, ...punctual];
  const launcher = new Launcher({ redis, keys, jobs });
  await redis.set(keys.term, FENCE);
  await launcher.open(FENCE, clock.nowMs());
  const fromMs = clock.nowMs() - LATE_TICKS * 1_000;
  await redis.hset(keys.cursors, Object.fromEntries(late.map(({ name }) => [name, Math.floor(fromMs)])));
  const loop = new LeaderLoop({ launcher, clock, events: recorder.events, jobs });
  const ending = new AbortController();
  const ended = loop.runTerm({ number: 1, fence: FENCE, signal: ending.signal });
  for (const { name } of punctual) {
    const launched = new Set<string>();
    await recorder.when("tick.launched", ({ job, tick }) => job === name && launched.add(tick).size === 4);
  }
  ending.abort();
  await ended;
  await launcher.close();
  expect(recorder.of("tick.missed")).toEqual([]);
  const caughtUp = new Set(recorder.of("tick.launched").map(({ job }) => job));
  expect(caughtUp.size).toBe(jobs.length);
  expect(recorder.of("tick.launched").length).toBeLessThan(15 * LATE_TICKS);
});
