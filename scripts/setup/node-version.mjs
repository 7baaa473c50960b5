/** Sees to a Node that runs TypeScript files as they are: the one that is pinned here, or the user's own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { withLock } from "./lock.mjs";
import { cacheOf, ensureNpmProgram, pathOfProgram } from "./npm-program.mjs";
import { SetupError, step } from "./setup-error.mjs";

/** @type {{ version: string, integrity: Readonly<Record<string, string>> }} Of the npm packages node-PLATFORM. */
const PINNED_NODE = {
  version: "24.21.0",
  integrity: {
    "linux-arm64":
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    "linux-x64":
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
};

/** The folder to put first in PATH. It is not node_modules/.bin: npm would start the set-up itself with a damaged Node. */
export function nodeFolderOf(/** @type {string} */ root) {
  return join(cacheOf(root), "bin");
}

/**
 * Where a Node is pinned for this platform, makes it the `node` of that folder; elsewhere (macOS, or Alpine, whose C
 * library that Node does not know) the user's own must be new enough.
 */
export function choosePinnedNode(/** @type {string} */ root, pin = PINNED_NODE) {
  const platform = `${process.platform}-${process.arch}`;
  const integrity = pin.integrity[platform];
  const carrier = { program: "node", package: `node-${platform}`, version: pin.version };
  if (integrity !== undefined && isPinnedNodeReady(root, { ...carrier, integrity })) return;
  rmSync(join(nodeFolderOf(root), "node"), { force: true });
  requireOwnNode(root);
}

function isPinnedNodeReady(
  /** @type {string} */ root,
  /** @type {Omit<import("./npm-program.mjs").NpmProgram, "extract">} */ carrier,
) {
  const pinned = pathOfProgram(root, "node");
  const link = join(nodeFolderOf(root), "node");
  try {
    ensureNpmProgram(root, {
      ...carrier,
      extract: folder => {
        // The old link must not outlive a Node that has never run here.
        rmSync(link, { force: true });
        return readFileSync(join(folder, "bin/node"));
      },
    });
  } catch (error) {
    if (!(error instanceof SetupError) || !isNewEnough(root)) throw error;
    step(`using your Node ${process.versions.node}: ${error.message}`);
    return false;
  }
  if (existsSync(link)) return true;
  if (spawnSync(pinned, ["--version"]).status !== 0) return false;
  withLock(root, () => {
    if (existsSync(link)) return;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), pinned), link);
  });
  return true;
}

function requireOwnNode(/** @type {string} */ root) {
  if (isNewEnough(root)) return;
  throw new SetupError(
    `This is Node ${process.versions.node}; Bellwether needs ${wantedNode(root)} or newer, and brings no Node of its own ` +
      `for ${process.platform}-${process.arch}.\nInstall Node 24 (package manager, nvm, fnm, mise …) and try again.`,
  );
}

function isNewEnough(/** @type {string} */ root) {
  return isAtLeast(process.versions.node, wantedNode(root));
}

/** @returns {string} */
function wantedNode(/** @type {string} */ root) {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return engines.node.replace(">=", "");
}

/** Compares `major.minor.patch` numbers; missing parts count as 0. */
export function isAtLeast(/** @type {string} */ version, /** @type {string} */ wanted) {
  const [have, want] = [version, wanted].map(text => text.split(".").map(Number));
  for (const part of [0, 1, 2]) {
    const difference = (have?.[part] ?? 0) - (want?.[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
