/** Keeps node_modules as package-lock.json says. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { SetupError, step } from "./setup-error.mjs";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage */

export function installDependencies(/** @type {string} */ root) {
  if (isInstalled(root)) return;
  withLock(root, () => {
    // Another set-up may have done it while this one waited.
    if (isInstalled(root)) return;
    step("installing the locked dependencies (npm ci) …");
    const npmCi = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    const { status, error } = spawnSync("npm", npmCi, { cwd: root, stdio: ["ignore", 2, 2] });
    if (status !== 0) {
      throw new SetupError(
        `\`npm ci\` failed (${error?.message ?? `exit code ${status}`}); see its output above.`,
      );
    }
  });
}

/**
 * True when npm's own record of what it installed agrees with package-lock.json. npm writes that record last, so an
 * interrupted install does not count as a finished one. An install by hand counts like one of ours.
 */
export function isInstalled(/** @type {string} */ root) {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = readPackages(record);
  return Object.entries(readPackages(join(root, "package-lock.json"))).every(([path, wanted]) => {
    const found = installed[path];
    // The root itself is not in the record, nor are optional packages for other platforms.
    if (found === undefined) return path === "" || (wanted.optional || wanted.devOptional) === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** @returns {Record<string, LockedPackage>} */
function readPackages(/** @type {string} */ file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}
