/** A process that has used up its file descriptors does what needs one. Prints what came of it as JSON. */
import { closeSync, openSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { ConfigWatcher } from "../../src/config/config-watcher.ts";
import { loadConfig } from "../../src/config/load.ts";
import { CommandHandler } from "../../src/handlers/command-handler.ts";
import type { Run } from "../../src/handlers/handler.ts";
import { HttpHandler } from "../../src/handlers/http-handler.ts";
import { ManualClock } from "../support/manual-clock.ts";

const LOOK_MS = 1_000;

const [, , configDir = ""] = process.argv;
const told = { rejected: 0, applied: 0, blind: [] as string[] };
const clock = new ManualClock();
let asleep = Promise.withResolvers<void>();
const watcher = new ConfigWatcher({
  configDir,
  clock: {
    sleep: (ms, signal) => {
      asleep.resolve();
      return clock.sleep(ms, signal);
    },
  },
  load: () => loadConfig({ configDir, env: {} }),
  apply: async () => {
    told.applied++;
    return [];
  },
  reject: () => told.rejected++,
  blind: problem => told.blind.push(problem),
});

async function look(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    asleep = Promise.withResolvers();
    await clock.advance(LOOK_MS);
    await asleep.promise;
  }
}

await watcher.first();
watcher.start();
await asleep.promise;
await writeFile(path.join(configDir, "jobs.yaml"), "jobs: { b: { every: 5s, handler: x } }\n");

const run = {
  id: "a@T1",
  job: "a",
  attempt: 1,
  tick: new Date(0),
  kind: "scheduled",
  term: 1,
  signal: new AbortController().signal,
  log: { info: () => undefined },
} as unknown as Run;
const command = new CommandHandler({ argv: ["true"], cwd: null, env: {}, stdin: null } as never);
const http = new HttpHandler({ url: "http://127.0.0.1:61999/", method: "POST", headers: {} } as never);

const opened: number[] = [];
try {
  for (;;) opened.push(openSync("/dev/null", "r"));
} catch {
  // All are used up now.
}
const failures: string[] = [];
for (const handler of [command, http]) {
  await handler.handle({}, run).catch((error: Error) => failures.push(error.message));
}
await look(2);
const starved = structuredClone(told);
for (const fd of opened) closeSync(fd);
await look(2);
writeSync(1, `${JSON.stringify({ failures, starved, after: told })}\n`);
process.exit(0);
