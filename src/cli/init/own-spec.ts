import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { version } from "../version.ts";

const OWN_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * How package.json of a project in that folder names the Bellwether that runs now. A published release is a range. A file
 * or a checkout is named by its path: a registry does not have it, and `npm install` would fail.
 */
export function ownSpec(projectRoot: string, ownRoot = OWN_ROOT): string {
  const modules = path.dirname(path.resolve(ownRoot));
  if (path.basename(modules) !== "node_modules") return fileSpec(projectRoot, ownRoot);
  const resolved = resolvedFrom(modules);
  if (resolved === null || /^https?:/.test(resolved)) return `^${version()}`;
  if (!resolved.startsWith("file:")) return resolved;
  return fileSpec(projectRoot, path.resolve(path.dirname(modules), resolved.slice("file:".length)));
}

/** Where npm took it from; null where npm notes that nowhere, as for most packages of a registry. */
function resolvedFrom(modules: string): string | null {
  try {
    const lock = JSON.parse(readFileSync(path.join(modules, ".package-lock.json"), "utf8"));
    const resolved: unknown = lock.packages["node_modules/bellwether"].resolved;
    return typeof resolved === "string" ? resolved : null;
  } catch {
    return null;
  }
}

function fileSpec(projectRoot: string, target: string): string {
  // On another drive of Windows there is no relative path.
  const relative = path.relative(projectRoot, target);
  const at = path.isAbsolute(relative) ? pathToFileURL(relative).pathname : relative;
  return `file:${at.split(path.sep).join("/")}`;
}
