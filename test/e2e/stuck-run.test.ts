import { expect } from "vitest";
import { test } from "../support/fixtures.ts";
import { type TestDeployment, urlOf } from "../support/test-deployment.ts";

const JOBS = [
  "often: { every: 1s, handler: echo, overlap: skip, queue: often }",
  "rare: { cron: '0 0 1 1 *', handler: echo }",
];
const HOURS_AGO = String(Date.now() - 2 * 60 * 60_000);

/** The run was launched long ago, and nothing of its queue has moved since. */
async function age(deployment: TestDeployment, queue: string, run: string) {
  const redis = deployment.redis();
  await redis.hset(`${deployment.prefix}:${queue}:${run}`, "timestamp", HOURS_AGO);
  await redis.del(`${deployment.prefix}:${queue}:completed`);
}

test("a queue paused from outside and a deleted list are told, and shown by status and metrics", async ({
  deploy,
}) => {
  const deployment = await deploy({ http: true, jobs: JOBS });
  const redis = deployment.redis();
  const [often, rare] = [deployment.queue("often"), deployment.queue()];
  await often.pause();
  await rare.pause();
  const replica = deployment.start();
  const { run } = await replica.when("tick.launched");
  const { stdout } = await deployment.command("trigger", "rare", "--json");
  const triggered: string = JSON.parse(stdout).run;
  await redis.del(`${deployment.prefix}:default:wait`);
  await age(deployment, "often", String(run));
  await age(deployment, "default", triggered);
  // It is in the history since two hours ago.
  const history = `{${deployment.namespace}}/history/rare`;
  const entry = (await redis.xrange(history, "-", "+"))[0]?.[1] ?? [];
  await redis.del(history);
  await redis.xadd(history, `${HOURS_AGO}-0`, ...entry);

  expect(await replica.when("run.stuck", line => line["run"] === run)).toMatchObject({
    job: "often",
    queue: "often",
    cause: "paused",
    level: "error",
  });
  expect(await replica.when("run.stuck", line => line["run"] === triggered)).toMatchObject({
    job: "rare",
    queue: "default",
    cause: "lost",
  });

  const ready = await fetch(`${await urlOf(replica)}/readyz`);
  expect({ status: ready.status, body: await ready.json() }).toEqual({
    status: 200,
    body: { status: "ok", paused: ["often", "default"] },
  });
  const metrics = await (await fetch(`${await urlOf(replica)}/metrics`)).text();
  expect(metrics).toMatch(/^bellwether_queue_paused\{queue="often"\} 1$/m);
  expect(metrics).toMatch(/^bellwether_run_stuck_seconds\{queue="default",cause="lost"\} 7\d\d\d/m);

  const shown = async () => JSON.parse((await deployment.command("status", "--json")).stdout);
  let status = await shown();
  // The replica reports it with its next heartbeat.
  while (status.stuck.length < 2) status = await shown();
  expect(status.stuck).toEqual(
    expect.arrayContaining([
      { run, job: "often", queue: "often", cause: "paused", since: expect.any(String) },
      expect.objectContaining({ run: triggered, cause: "lost" }),
    ]),
  );
  expect(status.queues).toEqual(expect.arrayContaining([{ name: "often", paused: true }]));
  const text = (await deployment.command("status")).stdout;
  expect(text).toContain("queue often is paused in BullMQ");
  expect(text).toMatch(
    new RegExp(`^${triggered} waits in queue default since .* and does not start: lost$`, "m"),
  );

  await often.resume();
  expect(await replica.when("run.unstuck", line => line["run"] === run)).toMatchObject({ cause: "paused" });
}, 150_000);
