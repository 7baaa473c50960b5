import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Config } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/document/environment.ts";
import { type ConfigIssue, formatIssue, type LoadResult, loadConfig } from "../../src/config/load.ts";
import { test as base } from "./folders.ts";

/** Files of a config directory by name: `jobs.yaml`, `jobs/a.yaml`. */
export type ConfigFiles = Readonly<Record<string, string | Uint8Array>>;

/** One valid job, for tests that are about something else. */
export const ONE_JOB = "jobs:\n  tick:\n    every: 5s\n    handler: x\n";

export interface Loaded {
  readonly result: LoadResult;
  /** Each mistake as one line, as people see it. */
  readonly lines: readonly string[];
}

export const test = base
  /** Writes the files into a directory of its own, which goes away with the test, and returns the config directory. */
  .extend("writeConfig", ({ makeFolder }) => async (files: ConfigFiles): Promise<string> => {
    const configDir = path.join(await makeFolder(), "config");
    await writeInto(configDir, files);
    return configDir;
  });

/** Loads the files; mistakes show `config/…` whatever the temporary directory is called. */
export async function load(files: ConfigFiles, env: Environment = {}): Promise<Loaded> {
  const root = await mkdtemp(path.join(tmpdir(), "bellwether-config-"));
  const configDir = path.join(root, "config");
  try {
    await writeInto(configDir, files);
    const result = await loadConfig({ configDir, env });
    const shown = (issue: ConfigIssue) => formatIssue(issue).replaceAll(`${root}${path.sep}`, "");
    return { result, lines: result.ok ? [] : result.issues.map(shown) };
  } finally {
    await rm(root, { recursive: true });
  }
}

/** The configuration of files that are valid. */
export async function loadValid(files: ConfigFiles, env: Environment = {}): Promise<Config> {
  const { result, lines } = await load(files, env);
  if (!result.ok) throw new Error(`the configuration is not valid:\n${lines.join("\n")}`);
  return result.config;
}

/** A jobs file with one job called `a`, whose lines are given without indentation. */
export function jobFile(...lines: readonly string[]): ConfigFiles {
  const body = ["handler: x", ...lines].flatMap(line => line.split("\n")).map(line => `    ${line}\n`);
  return { "jobs.yaml": `jobs:\n  a:\n${body.join("")}` };
}

/** A bellwether file beside one valid job. */
export function settingsFile(...lines: readonly string[]): ConfigFiles {
  return { "jobs.yaml": ONE_JOB, "bellwether.yaml": `${lines.join("\n")}\n` };
}

async function writeInto(directory: string, files: ConfigFiles): Promise<void> {
  await mkdir(directory);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
