/**
 * A replica's consuming half in a process of its own, for what a test cannot do in its own process: being killed, and
 * errors that no code caught. Prints each event as a line of JSON.
 */
import { writeSync } from "node:fs";
import { Events } from "../../src/events.ts";
import type { Handler } from "../../src/handlers/handler.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { watchStrayErrors } from "../../src/worker/stray-errors.ts";
import { Workers } from "../../src/worker/workers.ts";
import { hostileErrors } from "../support/hostile-values.ts";

const [, , url = "", namespace = "", replica = ""] = process.argv;

const bodies: Record<string, () => unknown> = {
  "throw-later": () => void setTimeout(() => fail("from a timer"), 1),
  "reject-later": () => void Promise.resolve().then(() => fail("from a promise")),
  "reject-oddly-later": () => {
    for (const { thrown } of hostileErrors()) void Promise.resolve().then(() => Promise.reject(thrown));
    for (const { thrown } of hostileErrors()) setTimeout(() => raise(thrown), 1);
  },
  exits: () => process.exit(3),
  quiet: () => "fine",
  "never-ends": () => {
    print("handler.started", {});
    return new Promise(() => undefined);
  },
};

const events = new Events();
events.subscribe((name, all: object) => {
  // As in the log.
  const { thrown: _, ...fields } = all as { thrown?: Error };
  print(name, fields);
});
watchStrayErrors({
  events,
  onFatal: () => {
    print("fatal", {});
    process.exit(70);
  },
});
// A message from the parent arrives outside of any run.
process.on("message", () => fail("from nowhere"));

const handlers = Object.entries(bodies).map(([job, body]): [string, Handler] => [
  job,
  { handle: async () => body() },
]);
const workers = new Workers({
  config: {
    namespace,
    queues: { default: { concurrency: 3, consume: true, shared: undefined } },
    jobs: handlers.map(([name]) => ({ name, timeoutMs: null })) as never,
  },
  handlers: new Map(handlers),
  replica,
  connect: () => connectRedis({ kind: "url", url }, "worker", `test:${replica}`),
  events,
  timing: { lockDurationMs: 300, stalledIntervalMs: 100 },
});
await workers.start();

function raise(thrown: unknown): never {
  throw thrown;
}

function fail(message: string): never {
  throw new Error(message);
}

function print(name: string, fields: object): void {
  writeSync(1, `${JSON.stringify({ name, ...fields })}\n`);
}
