/** Which files of the repository the checks of its texts read. */
import { globSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

const NOT_OURS = new Set(["node_modules", ".cache", ".git", "dist", "data"]);

/** Paths relative to the root, with forward slashes, sorted. */
export function textFiles(pattern: string): string[] {
  const found = globSync(pattern, { cwd: ROOT, exclude: name => NOT_OURS.has(path.basename(name)) });
  return found.map(file => file.split(path.sep).join("/")).sort();
}
