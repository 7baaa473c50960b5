/** What an embedding program loads, and what only those load who use it. */
import { execFile } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";
import { plainEnvironment } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";

const ENTRY = pathToFileURL(path.resolve(import.meta.dirname, "../../src/index.ts")).href;

/** Notes each package from which a module is loaded. */
const RECORDER = `import { registerHooks } from "node:module";
globalThis.loaded = new Set();
registerHooks({
  load: (url, context, next) => {
    const [name] = /(?<=.*\\/node_modules\\/)(?:@[^/]+\\/)?[^/]+(?!.*\\/node_modules\\/)/.exec(url) ?? [];
    if (name !== undefined) loaded.add(name);
    return next(url, context);
  },
});
`;

/** Runs one job, and prints what is loaded by then. */
const program = (config: string) => `import { Bellwether } from ${JSON.stringify(ENTRY)};
const jobs = { sweep: { every: "1s", run: () => 1 } };
const silent = () => undefined;
const logger = { child: () => logger, debug: silent, info: silent, warn: silent, error: silent };
const bellwether = new Bellwether({ config: ${config}, jobs, logger });
const { promise, resolve } = Promise.withResolvers();
bellwether.events.on("run.completed", resolve);
await bellwether.start();
await promise;
await bellwether.stop();
console.log(JSON.stringify([...loaded]));
`;

const test = base.extend(
  "packagesOf",
  ({ server, makeProject }) =>
    async (config: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> => {
      const project = await makeProject({
        ...files,
        "recorder.mjs": RECORDER,
        "main.mjs": program(config),
      });
      const env = plainEnvironment({ REDIS_URL: server.url, BELLWETHER_NAMESPACE: namespace() });
      const options = { cwd: project.dir, env, timeout: 30_000 };
      const args = ["--import", "./recorder.mjs", "main.mjs"];
      const { stdout } = await promisify(execFile)(process.execPath, args, options);
      return JSON.parse(stdout);
    },
);

test("jobs in code need no YAML, no calendars, no etcd, no HTTP server and nothing of the command", async ({
  packagesOf,
}) => {
  const packages = await packagesOf("{ http: false }");
  expect(packages).toEqual(expect.arrayContaining(["bullmq", "ioredis", "zod"]));
  const heavy = ["yaml", "ical.js", "etcd3", "cockatiel", "@grpc/grpc-js", "fastify"];
  const ofPage = ["@bull-board/api", "@fastify/swagger", "fastify-type-provider-zod", "preact"];
  const ofCommand = ["commander", "cli-table3", "cronstrue", "yocto-spinner"];
  expect(packages.filter(name => [...heavy, ...ofPage, ...ofCommand].includes(name))).toEqual([]);
});

test("files, a calendar and an address load what reads and serves them", async ({ packagesOf }) => {
  const day = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261224\r\nSUMMARY:Eve\r\nEND:VEVENT\r\n";
  const packages = await packagesOf('"./config"', {
    "config/bellwether.yaml": "http: { host: 127.0.0.1, port: 0 }\n",
    "config/jobs.yaml": "allowEmpty: true\ncalendars: { holidays: { file: holidays.ics } }\njobs: {}\n",
    "config/holidays.ics": `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n${day}END:VCALENDAR\r\n`,
  });
  expect(packages).toEqual(expect.arrayContaining(["yaml", "ical.js", "fastify"]));
});
