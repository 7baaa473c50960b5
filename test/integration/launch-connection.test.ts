import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { Elector } from "../../src/election/elector.ts";
import { RedisElection } from "../../src/election/redis-election.ts";
import { Launcher } from "../../src/launch/launcher.ts";
import { LeaderLoop } from "../../src/leader/leader-loop.ts";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { FaultyLink } from "../support/faulty-link.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { leaderAbsence } from "../support/leader-absence.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const it = test
  .extend("connected", ({ defer }) => async (port: number, purpose: Purpose): Promise<Redis> => {
    const redis = connectRedis({ kind: "url", url: `redis://127.0.0.1:${port}` }, purpose, "test");
    defer(() => redis.status !== "end" && redis.disconnect());
    await new Promise(resolve => redis.once("ready", resolve));
    return redis;
  })
  /** A scheduler whose launches go over a link of their own. */
  .extend("replica", ({ server, defer, connected }) => async (id: string, keys: RedisKeys) => {
    const link = await FaultyLink.to(server.port);
    defer(() => link.stop());
    const [subscriber, lease, launch] = await Promise.all([
      connected(server.port, "subscriber"),
      connected(server.port, "noRetry"),
      connected(link.port, "noRetry"),
    ]);
    const presence = new RedisPresence({
      subscriber,
      channel: keys.alive(id),
      notices: keys.leadershipChannel,
    });
    presence.start();
    const recorder = new Recorder();
    const clock = realClock();
    const jobs = [jobOf("tick")];
    const launcher = new Launcher({ redis: launch, keys, jobs });
    const loop = new LeaderLoop({ launcher, clock, events: recorder.events, jobs });
    const elector = new Elector({
      store: new RedisElection({ redis: lease, presence, keys }),
      clock,
      events: recorder.events,
      replica: id,
      generation: 1,
      leaseTtlMs: 10_000,
      absence: leaderAbsence(clock, recorder.events, 10_000),
      runTerm: term => loop.runTerm(term),
    });
    defer(async () => {
      link.mend();
      link.release("reset");
      await elector.stop();
      await launcher.close();
    });
    elector.start();
    return { link, recorder };
  });

describe("a leader whose launch connection alone is broken", () => {
  const faults = [
    ["is refused", (link: FaultyLink) => link.cut()],
    ["is half open", (link: FaultyLink) => link.hold(["requests", "replies"])],
  ] as const;

  it.for(faults)(
    "resigns when it %s, says so, and another replica launches",
    async ([_, breakIt], { replica }) => {
      const keys = redisKeys(namespace());
      const broken = await replica("broken", keys);
      await broken.recorder.when("tick.launched");
      const healthy = await replica("healthy", keys);
      await healthy.recorder.when("leader.observed");
      breakIt(broken.link);
      expect(await broken.recorder.when("launch.stalled")).toMatchObject({ term: 1 });
      expect(await broken.recorder.when("leader.resigned")).toMatchObject({ term: 1, reason: "no-progress" });
      expect(await healthy.recorder.when("leader.elected")).toMatchObject({ term: 2, previous: "broken" });
      await healthy.recorder.when("tick.launched");
    },
  );
});

it("goes on by itself when a lone leader's launch connection is there again", async ({ replica }) => {
  const { link, recorder } = await replica("lone", redisKeys(namespace()));
  await recorder.when("tick.launched");
  link.cut();
  await recorder.when("leader.resigned");
  await recorder.when("leader.elected", ({ term }) => term === 2);
  link.mend();
  await recorder.when("tick.launched", ({ term }) => term >= 2);
});
