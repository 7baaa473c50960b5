/**
 * Once for all files of this project: what npm packs, and a project that has installed it. npm takes what it has in its
 * cache, as a user's second project does.
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { nodeRelease } from "../support/node-release.ts";
import { NODES, npmInstall, ROOT, runWith } from "./run-with.ts";

/** A team with an older TypeScript, and one with the newest. */
const TOOLS = {
  "@swc-node/register": "1.12.1",
  "@swc/core": "1.16.22",
  "@types/node": "24.19.2",
  "bullmq-5": "npm:bullmq@5.30.0",
  bun: "1.4.5",
  deno: "2.9.6",
  esbuild: "0.28.2",
  tsx: "4.23.15",
  typescript: "5.4.5",
  "typescript-newest": "npm:typescript@7.0.2",
};

export interface Packed {
  /** Has everything else, and is removed after the tests. */
  readonly folder: string;
  /** What npm packed. */
  readonly tarball: string;
  /** A project with the tarball and what a project on BullMQ depends on anyway. */
  readonly consumer: string;
  /** The same with the tools of TOOLS. */
  readonly workshop: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    packed: Packed;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-package-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    project.provide("packed", await pack(folder));
  } catch (error) {
    await dispose();
    throw error;
  }
  return dispose;
}

/** A checkout with no build in it, and with no dependencies. */
export async function copyCheckout(to: string): Promise<void> {
  const { files } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as {
    files: string[];
  };
  const packed = files.filter(name => name !== "dist").map(name => name.replace("/*.md", ""));
  const sources = [
    "package.json",
    "README.md",
    "LICENSE",
    "tsconfig.json",
    "tsconfig.build.json",
    "scripts",
    "src",
  ];
  for (const name of [...sources, ...packed]) {
    await cp(path.join(ROOT, name), path.join(to, name), { recursive: true });
  }
}

async function pack(folder: string): Promise<Packed> {
  const checkout = path.join(folder, "checkout");
  await copyCheckout(checkout);
  await symlink(path.join(ROOT, "node_modules"), path.join(checkout, "node_modules"));
  const oldNode = nodeRelease(NODES.tooOld);
  const npmPack = ["pack", "--silent", "--pack-destination", folder];
  const packed = await mustRun(checkout, oldNode, "npm", ...npmPack);
  const tarball = path.join(folder, packed.trim());

  const consumer = path.join(folder, "consumer");
  const { dependencies, peerDependencies } = JSON.parse(
    await readFile(path.join(ROOT, "package.json"), "utf8"),
  );
  await mkdir(consumer);
  await writeFile(
    path.join(consumer, "package.json"),
    JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      scripts: { node: "node --print process.version" },
      dependencies: {
        bellwether: `file:../${path.basename(tarball)}`,
        // The other peers are optional.
        bullmq: peerDependencies.bullmq,
        ioredis: peerDependencies.ioredis,
        pino: dependencies.pino,
      },
    }),
  );
  await mustRun(consumer, oldNode, ...npmInstall());

  const workshop = path.join(folder, "workshop");
  await cp(consumer, workshop, { recursive: true, verbatimSymlinks: true });
  const tools = Object.entries(TOOLS).map(([name, version]) => `${name}@${version}`);
  await mustRun(workshop, path.dirname(process.execPath), ...npmInstall("--save-dev", ...tools));
  return { folder, tarball, consumer, workshop };
}

async function mustRun(cwd: string, node: string, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runWith(node, cwd, program, ...args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
