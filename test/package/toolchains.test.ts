/** What people build and run with: each tool runs a job of a project that has the packed Bellwether. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, inject } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { nodeRelease } from "../support/node-release.ts";
import { namespace } from "../support/redis-server.ts";
import { NODES, runWith, userEnvironment } from "./run-with.ts";
import { inFolder } from "./workshop.ts";

const { workshop } = inject("packed");
const NODE = path.dirname(process.execPath);
const COMMAND = path.join(workshop, "node_modules/bellwether/dist/main.js");
const bin = (name: string) => path.join(workshop, "node_modules/.bin", name);

/** The lines of a program's standard output, until the one that is awaited. Then the program is asked to end. */
async function outputUntil(wanted: (lines: string) => boolean, child: ChildProcess): Promise<string> {
  let text = "";
  let isAsked = false;
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      text += `${line}\n`;
      if (isAsked || !wanted(text)) continue;
      isAsked = true;
      child.kill("SIGTERM");
    }
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return `${text}exit ${child.exitCode}`;
}

const test = base.extend(
  "run",
  ({ server, defer }) =>
    (
      folder: string,
      [program = "", ...args]: readonly string[],
      env: Readonly<Record<string, string>> = {},
    ) => {
      const child = spawn(program, args, {
        cwd: folder,
        env: { ...userEnvironment(NODE), REDIS_URL: server.url, BELLWETHER_NAMESPACE: namespace(), ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      defer(() => child.kill("SIGKILL"));
      return child;
    },
);

const SETTINGS = 'namespace: ${BELLWETHER_NAMESPACE}\nredis: { url: "${REDIS_URL}" }\nhttp: false\n';
const MODULE = '{ "type": "module", "imports": { "#lib/*": "./lib/*" } }';

/** A project with a handler in each form that needs no tool. */
const PROJECT = {
  "package.json": MODULE,
  "config/bellwether.yaml": SETTINGS,
  "config/jobs.yaml": [
    "jobs:",
    "  typescript: { every: 1s, handler: typescript }",
    "  compiled: { every: 1s, handler: compiled }",
    "  commonjs: { every: 1s, handler: commonjs }",
    '  package: { every: 1s, handler: "@acme/reports#nightly" }',
    "",
  ].join("\n"),
  "lib/greeting.ts": 'export const greeting: string = "hello";\n',
  "jobs/typescript.ts": `import { defineHandler } from "bellwether";
import { greeting } from "#lib/greeting.ts";
export default defineHandler(async (): Promise<string> => greeting);
`,
  // As compilers write it for CommonJS from `export default`.
  "jobs/compiled.js": `import { defineHandler } from "bellwether";
export default defineHandler(async () => "compiled");
`,
  "jobs/commonjs.cjs": `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const bellwether_1 = require("bellwether");
exports.default = (0, bellwether_1.defineHandler)(async () => "commonjs");
`,
  "node_modules/@acme/reports/package.json": '{ "type": "module", "exports": "./reports.js" }',
  "node_modules/@acme/reports/reports.js": `import { defineHandler } from "bellwether";
export const nightly = defineHandler(async () => "package");
`,
};

const completed = (job: string) => new RegExp(`run\\.completed +${job}@`);

test.for([
  { runtime: "the oldest Node.js", command: [path.join(nodeRelease(NODES.oldest), "node")] },
  { runtime: "the Node.js of the checkout", command: [process.execPath] },
  { runtime: "Bun", command: [bin("bun")] },
  { runtime: "Deno", command: [bin("deno"), "run", "--allow-all"] },
])(
  "$runtime runs modules, CommonJS, exports of packages, and aliases of package.json",
  async ({ runtime, command }, { run }) => {
    const folder = await inFolder(workshop, `forms-${runtime.replaceAll(/[ .]/g, "-")}`, PROJECT);
    const jobs = ["typescript", "compiled", "commonjs", "package"];
    const child = run(folder, [...command, COMMAND, "run", "--log", "text"]);
    const output = await outputUntil(text => jobs.every(job => completed(job).test(text)), child);
    for (const job of jobs) expect(output).toMatch(completed(job));
    expect(output).toMatch(/exit 0$/);
  },
);

test.for([
  { hook: "tsx", option: "--import=tsx" },
  { hook: "swc", option: "--import=@swc-node/register/esm-register" },
])(
  "with the hook of $hook handlers have enums and aliases of tsconfig.json",
  async ({ hook, option }, { run }) => {
    const folder = await inFolder(workshop, `hook-${hook}`, {
      "package.json": MODULE,
      "tsconfig.json": '{ "compilerOptions": { "baseUrl": ".", "paths": { "~/*": ["./lib/*"] } } }',
      "config/bellwether.yaml": SETTINGS,
      "config/jobs.yaml": "jobs: { paint: { every: 1s, handler: paint } }\n",
      "lib/colour.ts": "export enum Colour { Red = 'red' }\n",
      "jobs/paint.ts": `import { defineHandler } from "bellwether";
import { Colour } from "~/colour";
export default defineHandler(async () => Colour.Red);
`,
    });
    const child = run(folder, [process.execPath, COMMAND, "run", "--log", "text"], { NODE_OPTIONS: option });
    const output = await outputUntil(text => completed("paint").test(text), child);
    expect(output).toMatch(completed("paint"));
    expect(output).toMatch(/exit 0$/);
  },
);

/** Runs a job of the configuration, says so, and stops. */
const REPLICA = `import { Bellwether } from "bellwether";

async function main() {
  const bellwether = new Bellwether({ config: "./config" });
  bellwether.events.on("run.completed", ({ name }) => {
    console.error(name);
    void bellwether.stop("done");
  });
  await bellwether.start();
}
void main();
`;
const LOCKS = `import { createLocks } from "bellwether";

async function main() {
  const namespace = String(process.env["BELLWETHER_NAMESPACE"]);
  const locks = createLocks({ config: { namespace, redis: { kind: "url", url: String(process.env["REDIS_URL"]) } } });
  await locks.lock("invoices", { ttl: "30s" }, async () => console.error("locked"));
  await locks.stop();
}
void main();
`;
/** What many projects put before a bundle of ES modules, for packages in CommonJS. */
const BANNER = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

test.for([
  { what: "replica", source: REPLICA, format: "esm", says: "run.completed" },
  { what: "replica", source: REPLICA, format: "cjs", says: "run.completed" },
  { what: "locks", source: LOCKS, format: "esm", says: "locked" },
  { what: "locks", source: LOCKS, format: "cjs", says: "locked" },
])(
  "a bundle ($format) of esbuild with $what works with no file of the package",
  async ({ what, source, format, says }, { run, makeFolder }) => {
    const folder = await inFolder(workshop, `bundle-${what}-${format}`, { "main.ts": source });
    const alone = await makeFolder();
    const file = path.join(alone, format === "esm" ? "main.mjs" : "main.cjs");
    const options = [
      "--bundle",
      "--platform=node",
      `--format=${format}`,
      "--log-level=error",
      `--outfile=${file}`,
    ];
    if (format === "esm") options.push(`--banner:js=${BANNER}`);
    expect(await runWith(NODE, folder, bin("esbuild"), "main.ts", ...options)).toMatchObject({ code: 0 });
    await inFolder(alone, ".", {
      "config/bellwether.yaml": SETTINGS,
      "config/jobs.yaml": "jobs: { greet: { every: 1s, handler: greet } }\n",
      "jobs/greet.mjs":
        'export default Object.assign(async () => 1, { [Symbol.for("bellwether.handler")]: 1 });\n',
    });
    const output = await outputUntil(() => false, run(alone, [process.execPath, file]));
    expect(output).toContain(says);
    expect(output).toMatch(/exit 0$/);
  },
);
