import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");

async function readJson(file: string) {
  return JSON.parse(await readFile(path.join(ROOT, file), "utf8")) as {
    readonly [section: string]: Readonly<Record<string, unknown>>;
  };
}

/** What a team has too: a range lets npm install one copy for both. */
const SHARED = ["pino", "prom-client"];

describe.each([
  ["of the package", "", SHARED],
  ["of the site", "website/", []],
  ["of the benchmarks", "bench/", []],
])("the dependencies %s", (_, folder, shared) => {
  it("are pinned to exact versions, but for those that a team shares with us", async () => {
    const { dependencies, devDependencies, overrides } = await readJson(`${folder}package.json`);
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...overrides });
    const ranges = versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)));
    expect(ranges.map(([name]) => name)).toEqual(shared);
    expect(versions.length).toBeGreaterThan(2);
  });

  it("are locked with their hashes, and run no code when they are installed", async () => {
    const [{ packages = {} }, { allowScripts }] = await Promise.all([
      readJson(`${folder}package-lock.json`),
      readJson(`${folder}package.json`),
    ]);
    const locked = Object.entries(packages).filter(([name]) => name !== "");
    const about = (name: string) =>
      Object(packages[name]) as { integrity?: string; hasInstallScript?: boolean };
    expect(locked.filter(([name]) => !about(name).integrity?.startsWith("sha512-"))).toEqual([]);
    const withScripts = locked.map(([name]) => name).filter(name => about(name).hasInstallScript);
    const refused = Object.entries(allowScripts ?? {}).filter(([, isAllowed]) => isAllowed === false);
    expect(withScripts.map(name => name.replace("node_modules/", "")).sort()).toEqual(
      refused.map(([name]) => name).sort(),
    );
  });
});

it("bring no Node.js: npm would run the scripts of a project that installs Bellwether with it", async () => {
  const [{ optionalDependencies }, { packages = {} }] = await Promise.all([
    readJson("package.json"),
    readJson("package-lock.json"),
  ]);
  expect(optionalDependencies).toBeUndefined();
  const commandsOf = (entry: unknown) => Object.keys(Object(entry).bin ?? {});
  const culprits = Object.keys(packages).filter(name => commandsOf(packages[name]).includes("node"));
  expect(culprits).toEqual([]);
});
