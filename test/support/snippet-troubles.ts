/** The sessions of docs/troubleshooting.md, in one deployment that has each of the troubles. */
import { Queue } from "bullmq";
import type { TestRedis } from "./redis-server.ts";
import { BLOCKS, type Check, HANDLER } from "./snippet-checks.ts";
import { isSame, type SnippetDesk } from "./snippet-desk.ts";
import { atEnd, makeDesk, makeRedis, startReplica } from "./snippet-scope.ts";
import { unusedPort } from "./unused-port.ts";

const FILE = "docs/troubleshooting.md";
const handler = (body: string) =>
  `import { defineHandler } from "bellwether";\nexport default defineHandler(async (_, run) => { ${body} });\n`;

function filesAt(now: Date): Record<string, string> {
  // Its last tick was half a day ago, which is more than `catchUpWindow`.
  const hour = (now.getUTCHours() + 12) % 24;
  return {
    "config/bellwether.yaml": "namespace: shop\nhttp: false\n",
    "config/jobs.yaml": `jobs:
  digest: { every: 2s, handler: slow, overlap: skip }
  invoice: { every: 3s, handler: flaky, retry: { attempts: 3, backoff: fixed, delay: 10ms } }
  report: { every: 4s, handler: fine }
  rates: { every: 3s, handler: broken }
  mails: { every: 5s, handler: fine, queue: mails }
  nightly: { cron: "0 ${hour} * * *", handler: fine }
`,
    "jobs/slow.ts": handler(
      'const { setTimeout } = await import("node:timers/promises"); await setTimeout(3000, undefined, { signal: run.signal });',
    ),
    "jobs/flaky.ts": handler('if (run.attempt === 1) throw new Error("the mail server answered 421");'),
    "jobs/broken.ts": handler('throw new Error("rates.example.com answered 503");'),
    "jobs/fine.ts": HANDLER,
  };
}

let followed: Promise<ReadonlyMap<string, readonly string[]>> | undefined;

/** What is wrong with the sessions below one heading. */
export const trouble: Check = async ({ name }) => {
  followed ??= followAll();
  return [...((await followed).get(name) ?? ["was not followed"])];
};

async function followAll(): Promise<ReadonlyMap<string, readonly string[]>> {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url };
  const desk = await makeDesk(filesAt(new Date()), env);
  const problems = new Map<string, readonly string[]>();
  const follow = async (heading: string) => {
    const name = `${FILE}: ${heading}`;
    const text = BLOCKS.find(block => block.name === name)?.text ?? "";
    problems.set(name, await desk.sessionProblems(text, hasTheLines));
  };
  const mails = pausedQueue(redis);
  await mails.pause();

  const first = startReplica(desk, env, "--id", "web-1");
  await first.when("leader.elected");
  await desk.problems("bellwether pause report --by ann");
  await first.when("tick.skipped", line => line["job"] === "report");
  await first.end();
  const daysAgo = String(Date.now() - 2 * 24 * 60 * 60_000);
  await desk.problems(`redis-cli -p ${redis.port} hset '{shop}/cursors' nightly ${daysAgo}`);

  const second = startReplica(desk, env, "--id", "web-2");
  await Promise.all([
    second.when("tick.missed", line => line["job"] === "nightly"),
    second.when("tick.skipped", line => line["job"] === "digest"),
    second.when("run.completed", line => line["job"] === "digest"),
    second.when("run.completed", line => line["job"] === "invoice"),
    second.when("run.failed", line => line["job"] === "rates"),
  ]);
  for (const [file, { lines }] of Object.entries({ "web-1": first, "web-2": second })) {
    await desk.project.write(`${file}.log`, lines.map(line => `${JSON.stringify(line)}\n`).join(""));
  }
  for (const heading of ["A tick did not run", "A tick ran late", "It ran twice", "A run fails"]) {
    await follow(heading);
  }

  const [waiting] = await mails.getJobs(["wait"], 0, 0, true);
  const key = `{shop}:mails:${waiting?.id}`;
  await desk.problems(`redis-cli -p ${redis.port} hset '${key}' timestamp ${Date.now() - 2 * 60 * 60_000}`);
  await second.when("run.stuck");
  await shows(desk, "does not start");
  await follow("A run does not start");
  await second.end();

  startReplica(desk, env, "--id", "web-3", "--roles", "worker");
  await shows(desk, "web-3");
  await follow("There is no leader");
  return problems;
}

function pausedQueue(redis: TestRedis): Queue {
  const queue = new Queue("mails", {
    prefix: "{shop}",
    connection: { host: "127.0.0.1", port: redis.port },
  });
  atEnd(() => queue.close());
  return queue;
}

/** `status` knows what a replica has reported with its last heartbeat. */
async function shows(desk: SnippetDesk, text: string): Promise<void> {
  while (!(await desk.shell("bellwether status")).output.includes(text)) {
    // It asks again.
  }
}

/**
 * Each line of the documentation is printed, whatever the numbers and ids; `…` matches anything within a line. Without a
 * line that is `…`, no other line is printed.
 */
export function hasTheLines(told: string, actual: string): boolean {
  const expected = plainly(told);
  const printed = plainly(actual);
  const wanted = expected.filter(line => line !== "…");
  const isWhole = wanted.length === expected.length;
  return (
    wanted.every(line => printed.some(other => isSame(line, other))) &&
    (!isWhole || printed.length === wanted.length)
  );
}

function plainly(text: string): string[] {
  const lines = text.split("\n").map(line =>
    line
      .replaceAll(/-[0-9a-f]{6}\b/g, "")
      .replaceAll(/\b(?:[0-9a-f]{12}|[0-9a-f]{8})\b/g, "#")
      .replaceAll(/\b\d{4}[a-z]\b/g, "TZ")
      .replaceAll(/[\d.]+ m?s\b/g, "0 ms")
      .replaceAll(/\d+/g, "0")
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
  return lines.filter(line => line !== "");
}

/** A server that is not there. */
export const refusedRedis: Check = async ({ text }) => {
  const port = String(await unusedPort());
  const desk = await makeDesk(
    { "config/jobs.yaml": "jobs: { beat: { every: 1s, handler: beat } }\n", "jobs/beat.ts": HANDLER },
    { REDIS_URL: `redis://127.0.0.1:${port}` },
  );
  return desk.sessionProblems(text.replace("7399", port));
};
