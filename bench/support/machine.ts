import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** Where figures come from. Without it they say nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** Of the last minute, before the benchmark. */
  readonly load: number;
  /** Of programs and packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

const BENCH = path.resolve(import.meta.dirname, "..");
const PROGRAMS = [
  ["Redis", "redis-server", /v=([\d.]+)/],
  ["etcd", "etcd", /etcd Version: ([\d.]+)/],
] as const;

export async function describeMachine(): Promise<Machine> {
  const packages = await packageVersions();
  const programs = await Promise.all(
    PROGRAMS.map(async ([name, program, version]) => [name, await versionOf(program, version)] as const),
  );
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    load: Number(loadavg()[0]?.toFixed(1)),
    versions: { "Node.js": process.versions.node, ...Object.fromEntries(programs), ...packages },
  };
}

/** The peers' packages are those of bench/package.json. */
async function packageVersions(): Promise<Record<string, string>> {
  const root = JSON.parse(await readFile(path.join(BENCH, "../package-lock.json"), "utf8"));
  const { dependencies } = JSON.parse(await readFile(path.join(BENCH, "package.json"), "utf8"));
  const locked = (name: string) => String(root.packages[`node_modules/${name}`]?.version);
  return { BullMQ: locked("bullmq"), ioredis: locked("ioredis"), ...dependencies };
}

/** A program that is not there has no version to state. */
async function versionOf(program: string, pattern: RegExp): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--version"]).catch(() => ({ stdout: "" }));
  return pattern.exec(stdout)?.[1] ?? "none";
}
