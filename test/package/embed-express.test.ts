/** examples/embed-express with the packed tarball: what a team that embeds Bellwether relies on. */
import path from "node:path";
import { beforeAll, expect, inject } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { type LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { installExample } from "./examples.ts";
import { runWith } from "./run-with.ts";

const NODE = path.dirname(process.execPath);
let example: string;

beforeAll(async () => {
  example = await installExample("embed-express", inject("packed").folder);
}, 120_000);

/** A process of the example: its log is on stderr. */
class Service {
  readonly process: ReplicaProcess;
  readonly url: Promise<string>;
  stdout = "";

  constructor(redisUrl: string) {
    const env = { REDIS_URL: redisUrl, PORT: "0" };
    this.process = new ReplicaProcess([], env, example, [process.execPath, "server.ts"]);
    this.url = new Promise(resolve => {
      this.process.child.stdout?.on("data", (chunk: Buffer) => {
        this.stdout += chunk;
        const [, url] = /(http:\S+)\n/.exec(this.stdout) ?? [];
        if (url !== undefined) resolve(url);
      });
    });
  }

  async fetch(route: string, options?: RequestInit): Promise<Response> {
    return await fetch(`${await this.url}${route}`, options);
  }

  /** Resolves with the first line that matches, past or to come. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise(resolve => {
      const found = this.process.lines.find(matches);
      if (found) resolve(found);
      else this.process.subscribe(line => matches(line) && resolve(line));
    });
  }
}

const test = base.extend("start", ({ server, defer, onTestFailed }) => () => {
  const service = new Service(server.url);
  onTestFailed(() => console.log(service.stdout, service.process.lines, service.process.noise));
  defer(() => service.process.end("SIGKILL"));
  return service;
});

/** A tick as run ids have it. */
const tickOf = (run: unknown) => String(run).split("@")[1] ?? "";
const compact = (timeMs: unknown) => new Date(Number(timeMs)).toISOString().replaceAll(/[-:]|\.\d+/g, "");

test("an Express service with its own queue, worker, logger, connection and metrics hands over", async ({
  server,
  start,
}) => {
  const first = start();
  expect(await first.process.when("leader.elected")).toMatchObject({ app: "shop", pid: first.process.pid });
  const second = start();
  await second.process.when("leader.observed");
  const both = [first, second];
  for (const job of ["order-report", "count-orders", "close-orders"]) {
    await Promise.any(
      both.map(service => service.process.when("run.completed", line => line["job"] === job)),
    );
  }
  expect((await second.fetch("/orders", { method: "POST" })).status).toBe(201);
  await Promise.race(both.map(service => service.logged(line => line["job"] === "confirm-order")));
  expect((await second.fetch("/readyz")).status).toBe(200);
  const metrics = await (await first.fetch("/metrics")).text();
  for (const part of ["bellwether_leader 1", "shop_order_jobs_total", "process_cpu_seconds_total"]) {
    expect(metrics).toContain(part);
  }

  await first.process.end("SIGKILL");
  const elected = await second.process.when("leader.elected");
  expect(elected).toMatchObject({ app: "shop", term: 2, reason: "crashed" });
  // Launched, worked off and recorded by the only process that is left.
  const since = compact(elected["time"]);
  const { run } = await second.process.when(
    "run.completed",
    line => line["job"] === "close-orders" && tickOf(line["run"]) > since,
  );
  const row = { run, term: 2, result: "completed", replica: `orders-worker-${second.process.pid}` };
  const answer = await second.fetch("/jobs/close-orders/history");
  expect(await answer.json()).toContainEqual(expect.objectContaining(row));
  const command = ["npx", "bellwether", "history", "close-orders", "--json"];
  const history = await runWith(NODE, example, "env", `REDIS_URL=${server.url}`, ...command);
  expect(JSON.parse(history.stdout)).toContainEqual(expect.objectContaining(row));

  const third = start();
  await third.process.when("leader.observed");
  expect(await second.process.end("SIGTERM")).toBe(0);
  await second.process.when("leader.resigned");
  expect(await third.process.when("leader.elected")).toMatchObject({ term: 3, reason: "resigned" });
  expect(await third.process.end("SIGTERM")).toBe(0);
  for (const { stdout, url } of [first, second, third]) expect(stdout).toBe(`listening on ${await url}\n`);
  // Nothing but that line and the log.
  for (const { process, url } of [second, third])
    expect(process.noise).toEqual([`listening on ${await url}`]);
});

test("its tree has one copy of bullmq, ioredis and pino", async () => {
  const { code, stdout } = await runWith(NODE, example, "npm", "ls", "--all", "--parseable");
  expect(code).toBe(0);
  for (const name of ["bullmq", "ioredis", "pino"]) {
    expect(stdout.split("\n").filter(line => line.endsWith(`/node_modules/${name}`))).toHaveLength(1);
  }
});
