import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { expect } from "vitest";
import { readPageFiles, withoutIndentation } from "../../../src/admin/page-files.ts";
import { test } from "../../support/folders.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const LIMIT_BYTES = 45_000;

test("the whole page's script is at most 45 kB compressed, as it is published", async ({ makeFolder }) => {
  const folder = await makeFolder();
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  const project = path.join(ROOT, "src/dashboard/tsconfig.build.json");
  const built = spawnSync(process.execPath, [tsc, "-p", project, "--outDir", folder], { encoding: "utf8" });
  expect(built.stdout + built.stderr).toBe("");
  const names = (await readdir(folder, { recursive: true })).filter(name => name.endsWith(".js"));
  const own = await Promise.all(
    names.map(async name => withoutIndentation(await readFile(path.join(folder, name)))),
  );
  const served = await readPageFiles();
  const libraries = [...(served?.files.values() ?? [])].filter(({ name }) => name.startsWith("lib/"));
  expect(libraries.length).toBe(5);
  const bodies = [...own, ...libraries.map(({ body }) => body)];
  const bytes = bodies.reduce((sum, body) => sum + brotliCompressSync(body).length, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
});
