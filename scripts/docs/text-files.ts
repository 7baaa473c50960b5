/** Which files of the repository the checks of its texts read. */
import { globSync } from "node:fs";
import path from "node:path";

const NOT_OURS = new Set(["node_modules", ".cache", ".git", "dist", "data"]);

/** Paths relative to the root, with forward slashes, sorted. */
export function textFiles(root: string, pattern: string): string[] {
  const found = globSync(pattern, { cwd: root, exclude: name => NOT_OURS.has(path.basename(name)) });
  return found.map(file => file.split(path.sep).join("/")).sort();
}
