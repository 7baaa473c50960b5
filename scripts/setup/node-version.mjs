/** Sees to a Node that runs TypeScript files as they are: the one in the lock file, or the user's own. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { SetupError, step } from "./setup-error.mjs";

/**
 * Where the lock file brings a Node for this platform, makes it the `node` of node_modules/.bin; elsewhere (macOS, or
 * Alpine, whose C library that Node does not know) the user's own must be new enough.
 */
export function choosePinnedNode(/** @type {string} */ root) {
  const pinned = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  const link = join(root, "node_modules", ".bin", "node");
  if (existsSync(pinned)) {
    if (realpathSync(process.execPath) === realpathSync(pinned)) return;
    if (spawnSync(pinned, ["--version"]).status === 0) {
      // npm 10 drops this link when it drops the other platform's package, which has a `node` too.
      if (!existsSync(link)) symlinkSync(relative(dirname(link), pinned), link);
      return;
    }
    if (existsSync(link)) {
      step("the Node of the lock file does not run on this system; using yours");
      rmSync(link);
    }
  }
  requireOwnNode(root);
}

function requireOwnNode(/** @type {string} */ root) {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const wanted = engines.node.replace(">=", "");
  if (isAtLeast(process.versions.node, wanted)) return;
  throw new SetupError(
    `This is Node ${process.versions.node}; Bellwether needs ${wanted} or newer, and brings no Node of its own ` +
      `for ${process.platform}-${process.arch}.\nInstall Node 24 (package manager, nvm, fnm, mise …) and try again.`,
  );
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
