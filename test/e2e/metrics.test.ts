import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { scrape } from "../support/exposition.ts";
import { test } from "../support/fixtures.ts";
import { TestDeployment, urlOf } from "../support/test-deployment.ts";

test("metrics equal what happened: ticks launched, skipped and missed, runs, locks, handoffs, configurations", async ({
  server,
  onTestFinished,
  onTestFailed,
}) => {
  const startMs = Math.ceil(Date.now() / 1_000) * 1_000 + 10_000;
  const at = (...seconds: number[]) =>
    `at: [${seconds.map(n => `"${new Date(startMs + n * 1_000).toISOString()}"`).join(", ")}]`;
  const lasting = [
    `none: { ${at(4, 5)}, handler: echo, catchUp: none }`,
    `latest: { ${at(4, 5)}, handler: echo, catchUp: latest }`,
    `window: { ${at(4)}, handler: echo, catchUp: all, catchUpWindow: 1s }`,
    `limit: { ${at(4, 5)}, handler: echo, catchUp: all, catchUpLimit: 1 }`,
    `slow: { ${at(22, 23)}, handler: slow, overlap: skip }`,
    `locking: { ${at(22)}, handler: locking }`,
  ];
  const deployment = await TestDeployment.create({
    redisUrl: server.url,
    http: true,
    jobs: [
      `first: { ${at(1)}, handler: echo }`,
      `failing: { ${at(22)}, handler: failing, retry: { attempts: 2, backoff: fixed, delay: 50ms } }`,
      ...lasting,
    ],
    handlers: {
      slow: 'await opened("gate");',
      locking: 'await run.lock("till", { ttl: "10s" }, async () => undefined);',
      failing: 'throw new Error("no");',
    },
  });
  onTestFinished(() => deployment.dispose());
  onTestFailed(() => console.log(deployment.transcript()));

  // The ticks of the first seconds come while no replica runs, and are decided when they are no longer on time (5 s).
  const gone = deployment.start();
  await gone.when("run.completed");
  await gone.end("SIGKILL");
  await sleep(startMs + 11_000 - Date.now());
  const replica = deployment.start();
  const url = await urlOf(replica);
  const elected = await replica.when("leader.elected");
  await replica.when("tick.skipped");
  const busy = await scrape(url);
  expect(busy.value("queue_depth", { queue: "default", state: "active" })).toBe(1);
  await deployment.open("gate");
  await replica.when("run.completed", line => line["job"] === "slow");
  await replica.when("run.failed", line => line["final"] === true);
  for (const job of ["latest", "limit", "locking"]) {
    await replica.when("run.completed", line => line["job"] === job);
  }

  const settled = await scrape(url);
  expect(settled.counts("ticks_total")).toEqual({
    "missed none": 2,
    "missed superseded": 1,
    "missed window": 1,
    "missed limit": 1,
    "launched catch-up": 2,
    "launched scheduled": 3,
    "skipped overlap": 1,
  });
  const told = deployment.lines("tick.launched", line => line.replica === elected.replica);
  expect(settled.value("launch_lateness_seconds_count", { kind: "scheduled" })).toBe(3);
  expect(settled.value("launch_lateness_seconds_bucket", { kind: "catch-up", le: "5" })).toBe(0);
  const lateMs = (kind: string) =>
    told.filter(line => line["kind"] === kind).reduce((sum, line) => sum + Number(line["lateMs"]), 0);
  for (const kind of ["scheduled", "catch-up"]) {
    expect(settled.value("launch_lateness_seconds_sum", { kind })).toBeCloseTo(lateMs(kind) / 1_000, 6);
  }
  expect(settled.counts("runs_total")).toEqual({
    "latest completed": 1,
    "limit completed": 1,
    "slow completed": 1,
    "locking completed": 1,
    "failing retried": 1,
    "failing failed": 1,
  });
  expect(settled.value("run_duration_seconds_count", { job: "failing" })).toBe(2);
  expect(settled.value("lock_wait_seconds_count")).toBe(1);
  expect(settled.value("lock_held_seconds_count")).toBe(1);
  expect(settled.counts("handoffs_total")).toEqual({ [String(elected["reason"])]: 1 });
  expect(settled.value("vacant_seconds_total")).toBeCloseTo(Number(elected["vacantMs"]) / 1_000, 6);
  expect([settled.value("leader"), settled.value("term")]).toEqual([1, 2]);
  expect(settled.value("job_overdue_seconds", { job: "none" })).toBe(0);
  expect(settled.value("redis_latency_seconds_count")).toBeGreaterThan(0);
  expect(settled.value("queue_depth", { queue: "default", state: "failed" })).toBe(1);
  expect(settled.value("queue_depth", { queue: "default", state: "active" })).toBe(0);

  await deployment.project.write("config/jobs.yaml", "jobs: { broken: { evry: 5s } }\n");
  await replica.when("config.rejected");
  const rejected = await scrape(url);
  expect(rejected.value("config_rejected_total")).toBe(1);
  expect(rejected.counts("runs_total")).toEqual(settled.counts("runs_total"));
  const jobs = [...lasting, "added: { every: 1h, handler: echo }"];
  await deployment.project.write("config/jobs.yaml", ["jobs:", ...jobs.map(line => `  ${line}`)].join("\n"));
  const loaded = await replica.when("config.loaded", line => line["jobs"] === jobs.length);
  const changed = await scrape(url);
  expect(changed.labelValues("config_info", "hash")).toEqual([loaded["hash"]]);
  expect(changed.value("runs_total", { job: "added", outcome: "completed" })).toBe(0);
  for (const name of ["runs_total", "run_duration_seconds_count", "job_overdue_seconds"]) {
    expect(changed.labelValues(name, "job")).not.toContain("failing");
  }

  const successor = deployment.start();
  await successor.when("leader.observed");
  expect((await deployment.command("stepdown")).code).toBe(0);
  const followed = await replica.when("leader.observed");
  const after = await scrape(await urlOf(successor));
  expect(after.counts("handoffs_total")).toEqual({ resigned: 1 });
  expect([after.value("leader"), after.value("term")]).toEqual([1, followed["term"]]);
  const resigned = await scrape(url);
  expect([resigned.value("leader"), resigned.value("term")]).toEqual([0, followed["term"]]);
});
