import { Queue } from "bullmq";
import { describe, expect } from "vitest";
import { connect } from "../../src/client/connect.ts";
import { MANIFEST } from "../../src/manifest.ts";
import { test as base } from "../support/fixtures.ts";

const NEVER = '"2100-01-01T00:00:00Z"';
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const test = base.extend("cluster", ({ deploy, defer }) => async () => {
  const deployment = await deploy({
    jobs: [
      "fast: { every: 1s, handler: fast, catchUp: all, retry: { attempts: 2 } }",
      `broken: { at: [${NEVER}], handler: broken, retry: { attempts: 2, delay: 1ms } }`,
      `slow: { at: [${NEVER}], handler: slow }`,
    ],
    handlers: {
      fast: "return { sum: 3 };",
      broken: 'run.log.info("printing"); throw new TypeError("no paper");',
      slow: 'await opened("slow"); return "late";',
    },
  });
  deployment.start();
  await deployment.when("leader.elected");
  const client = await connect({ config: deployment.project.configDir, by: "ann" });
  defer(() => client.close());
  return { deployment, client };
});

describe("a client beside a replica", () => {
  test("says why a tick was launched, skipped, or is to come", { timeout: 120_000 }, async ({ cluster }) => {
    const { deployment, client } = await cluster();
    const { tick, run } = await deployment.when("tick.launched");
    await deployment.when("run.completed", fields => fields["run"] === run);
    await expect
      .poll(() => client.why("fast", { at: new Date(tick as string) }))
      .toMatchObject({ verdict: "launched", run, result: "completed", tick });
    const { since } = await client.pause("fast", { reason: "the printer is away" });
    const skipped = new Date(Math.ceil(Date.parse(since) / 1_000) * 1_000 + 1_000);
    await expect
      .poll(() => client.why("fast", { at: skipped }), { timeout: 10_000 })
      .toMatchObject({
        verdict: "held",
        reasonCode: "paused",
        cause: { kind: "pause", by: "ann", since, reason: "the printer is away" },
      });
    // A launch that is later than a second is explained.
    const others = new Date(skipped.getTime() + 2_000);
    await expect
      .poll(() => client.why("fast", { at: others }), { timeout: 10_000 })
      .toMatchObject({ verdict: "held" });
    const later = await client.why("fast", { at: new Date(Date.parse(since) + 3_600_500) });
    expect(later).toMatchObject({ verdict: "not_a_tick", nearest: { before: ISO, after: ISO } });
    await client.resume("fast");
    await expect
      .poll(() => client.why("fast", { at: skipped }), { timeout: 10_000 })
      .toMatchObject({ verdict: "launched", cause: { kind: "pause", by: "ann" } });
    expect(await client.why("broken")).toMatchObject({
      verdict: "not_yet",
      tick: "2100-01-01T00:00:00.000Z",
    });
    await expect(client.why("nothing")).rejects.toMatchObject({ code: "BW_JOB_UNKNOWN" });
  });

  test("shows terms, replicas, a job's policies and its ticks", { timeout: 120_000 }, async ({ cluster }) => {
    const { deployment, client } = await cluster();
    await client.trigger("slow");
    await expect
      .poll(() => client.replicas(), { timeout: 20_000 })
      .toMatchObject([
        {
          ...{ leading: true, version: MANIFEST.version, clockSkewMs: expect.any(Number), seenAt: ISO },
          running: [{ job: "slow", run: expect.stringMatching(/^slow@manual-/), since: ISO }],
          ...{
            runningCount: 1,
            load: { eventLoopDelayMs: expect.any(Number), rssBytes: expect.any(Number) },
          },
        },
      ]);
    const runningIn = async (job: string) => {
      const { lanes } = await client.timeline({ jobs: [job] });
      return lanes[0]?.buckets.reduce((sum, { running }) => sum + running, 0);
    };
    expect(await runningIn("slow")).toBe(1);
    await deployment.open("slow");
    await expect.poll(() => runningIn("slow"), { timeout: 20_000 }).toBe(0);
    await client.stepDown();
    const { items, next } = await client.terms({ limit: 1 });
    expect(items).toMatchObject([
      { term: 2, reason: "resigned", cause: "stepdown", by: "ann", endedAt: null },
    ]);
    expect(await client.terms({ limit: 1, cursor: next ?? "" })).toMatchObject({
      items: [{ term: 1, reason: "vacant", endReason: "resigned", endCause: "stepdown", endedAt: ISO }],
      next: null,
    });

    const { policy, definition, description } = await client.job("fast");
    expect(definition).toEqual({ since: ISO, number: 1 });
    expect(description.length).toBeGreaterThan(0);
    const sources = new Map(policy.map(({ name, value, source }) => [name, [value, source]]));
    expect(sources.get("every")).toEqual(["every 1s", "job"]);
    expect(sources.get("retry.attempts")).toEqual([2, "job"]);
    expect(sources.get("retry.backoff")).toEqual(["exponential", "built-in"]);
    expect(sources.get("catchUp")).toEqual(["all", "job"]);

    const first = await client.ticks("fast", { limit: 2 });
    const second = await client.ticks("fast", { limit: 2, cursor: first.next ?? "" });
    const ticks = [...first.items, ...second.items].map(({ tick }) => tick);
    expect(ticks).toEqual([...new Set(ticks)].toSorted().toReversed());
    const range = { from: new Date(ticks[1] as string), to: new Date(ticks[1] as string) };
    expect((await client.ticks("fast", range)).items.map(({ tick }) => tick)).toEqual([ticks[1]]);
    const coming = await client.futureTicks("fast", { limit: 2 });
    const after = await client.futureTicks("fast", { limit: 1, cursor: coming.next ?? "" });
    const gaps = [...coming.items, ...after.items].map(({ tick }) => Date.parse(tick));
    expect(gaps.map((at, i) => at - (gaps[0] as number) - i * 1_000)).toEqual([0, 0, 0]);

    const timeline = await client.timeline({ jobs: ["fast"] });
    expect(timeline.terms.map(({ term }) => term)).toEqual([2, 1]);
    expect(timeline.gaps).toMatchObject([{ term: 2, vacantMs: expect.any(Number) }]);
    const [lane] = timeline.lanes;
    expect(lane?.buckets.reduce((sum, { launched }) => sum + launched, 0)).toBeGreaterThanOrEqual(4);
    expect([lane?.coming.length, lane?.hasMore]).toEqual([100, true]);
    const to = new Date(Date.parse(timeline.now) + 20_000);
    const near = await client.timeline({ jobs: ["fast"], to });
    expect(near.lanes[0]?.coming.length).toBeLessThanOrEqual(21);
    expect(near.lanes[0]?.hasMore).toBe(false);
  });

  test("shows a run, retries it, and cancels one that waits", { timeout: 120_000 }, async ({
    cluster,
    connect: connectTo,
    defer,
  }) => {
    const { deployment, client } = await cluster();
    await client.trigger("broken", { wait: true }).catch(() => undefined);
    const [row] = await client.history("broken");
    const run = row?.run ?? "";
    expect(await client.run(run)).toMatchObject({
      ...{ run, job: "broken", queue: "default", kind: "manual", state: "failed", by: "ann", hidden: false },
      attempts: [
        { number: 1, error: "TypeError: no paper" },
        { number: 2, error: "TypeError: no paper", startedAt: ISO, endedAt: ISO },
      ],
      ...{ error: "no paper", waitMs: expect.any(Number), durationMs: expect.any(Number) },
      log: [expect.stringContaining("printing"), expect.stringContaining("printing")],
    });
    expect(await client.retryRun(run)).toEqual({ run, job: "broken", retried: true });
    await expect
      .poll(() => client.run(run), { timeout: 20_000 })
      .toMatchObject({ state: "failed", attempts: [{ number: 1 }, { number: 2 }] });
    await expect(client.cancelRun(run)).rejects.toMatchObject({ code: "BW_RUN_NOT_WAITING" });
    await expect(client.run("broken@nothing")).rejects.toMatchObject({ code: "BW_RUN_UNKNOWN" });

    const prefix = `{${deployment.namespace}}`;
    const queue = new Queue("default", { connection: await connectTo("plain"), prefix });
    defer(() => queue.close());
    await queue.add("slow", {}, { jobId: "slow@late", delay: 600_000 });
    expect(await client.cancelRun("slow@late")).toEqual({ run: "slow@late", job: "slow", cancelled: true });
    expect(await queue.getJob("slow@late")).toBeUndefined();
  });

  test("pauses and resumes by filter, with a preview, and until a time", { timeout: 120_000 }, async ({
    cluster,
  }) => {
    const { client } = await cluster();
    const preview = await client.pauseMany({ filter: { search: "o" }, dryRun: true });
    expect(preview).toEqual({
      items: ["broken", "slow"].map(job => ({ job, result: null, error: null })),
      count: 2,
    });
    expect((await client.status()).jobs.map(({ paused }) => paused)).toEqual([false, false, false]);
    const until = new Date(Date.now() + 1_500);
    const paused = await client.pauseMany({ names: ["fast", "slow"], until, reason: "stocktaking" });
    expect(paused.items).toMatchObject(
      ["fast", "slow"].map(job => ({ job, result: { until: until.toISOString(), reason: "stocktaking" } })),
    );
    await expect
      .poll(async () => (await client.audit({ limit: 2 })).map(({ action, by }) => [action, by]), {
        timeout: 20_000,
      })
      .toEqual([
        ["resume", "until"],
        ["resume", "until"],
      ]);
    expect((await client.resumeMany({ names: ["fast"] })).items).toMatchObject([
      { result: { changed: false } },
    ]);
    await expect(client.pauseMany({ names: ["nothing"] })).rejects.toMatchObject({ code: "BW_JOB_UNKNOWN" });
    await expect(client.pause("fast", { until: new Date(0) })).rejects.toMatchObject({
      code: "BW_ARGUMENT_INVALID",
    });
    const started = await client.triggerMany({ names: ["fast", "slow"] });
    expect(started.items).toMatchObject([
      { job: "fast", result: { run: expect.any(String) } },
      { job: "slow", result: { run: expect.any(String) } },
    ]);
  });
});
