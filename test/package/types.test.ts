/** The types of the package, as a project with strict settings compiles against them. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, inject, test } from "vitest";
import { runWith } from "./run-with.ts";
import { inFolder } from "./workshop.ts";

const { workshop } = inject("packed");
const NODE = path.dirname(process.execPath);

/** Everything whose type a declaration file has to name. */
const SOURCE = `import { Bellwether, connect, createLocks, defineHandler, defineJob, Events, loadConfig } from "bellwether";
import { testRun, useTestBellwether } from "bellwether/testing";

export default defineHandler<{ name: string }>(async ({ name }, run) => {
  run.log.info({ tick: run.tick }, name);
  return run.lock("invoices", { ttl: "30s" }, async lock => lock.fence);
});
export const locks = createLocks({ config: { namespace: "app", redis: { kind: "url", url: "redis://127.0.0.1" } } });
export const events = new Events();
export const load = () => loadConfig({ configDir: "config", env: process.env });
export const report = defineJob({ every: "1h", data: { format: "csv" }, run: async ({ format }) => format });
export const backup = defineJob({ every: "1h", command: ["true"] });
export const bellwether = new Bellwether({ config: "config", jobs: { report, backup }, roles: ["worker"] });
export const client = async () => ({ client: await connect({ config: "config" }), own: bellwether.client });
export const run = testRun(async () => ({ pages: 3 }), { tick: new Date(0) });
export const pages: Promise<number> = run.result.then(result => result.pages);
export const replica = useTestBellwether({ before: start => start(), after: stop => stop() }, { config: "config" });
`;

/** What CommonJS gets by require(), which TypeScript allows from 5.8 on. */
const COMMONJS = `import { defineHandler } from "bellwether";
import { testRun } from "bellwether/testing";

export const handler = defineHandler(async () => 1);
export const run = testRun(handler);
`;

test.for([
  { release: "the oldest TypeScript that it supports", compiler: "typescript", module: "nodenext" },
  { release: "the oldest TypeScript that it supports", compiler: "typescript", module: "bundler" },
  { release: "the newest TypeScript", compiler: "typescript-newest", module: "nodenext" },
  { release: "the newest TypeScript", compiler: "typescript-newest", module: "bundler" },
])("are complete for $release with $module", async ({ compiler, module }) => {
  const folder = await inFolder(workshop, `types-${compiler}-${module}`, {
    "index.ts": SOURCE,
    ...(compiler === "typescript-newest" && { "common.cts": COMMONJS }),
  });
  const compilerOptions = {
    ...(module === "bundler" ? { module: "esnext", moduleResolution: "bundler" } : { module: "nodenext" }),
    target: "es2022",
    types: ["node"],
    strict: true,
    skipLibCheck: false,
    declaration: true,
    composite: true,
    rootDir: ".",
    outDir: "out",
  };
  await writeFile(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["*.ts", "*.cts"] }),
  );
  const tsc = path.join(workshop, "node_modules", compiler, "bin/tsc");
  expect(await runWith(NODE, folder, "node", tsc, "-p", ".")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await readFile(path.join(folder, "out/index.d.ts"), "utf8")).toContain('from "bellwether"');
});
