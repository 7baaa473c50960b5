import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

/** In the order in which they are named to people. */
export const EXTENSIONS: readonly string[] = [".ts", ".mts", ".js", ".mjs", ".cjs"];

export type FoundFile =
  | { readonly outcome: "found"; readonly file: string }
  | { readonly outcome: "outside" }
  | { readonly outcome: "missing" }
  | { readonly outcome: "several"; readonly files: readonly string[] };

/**
 * The file of the handler `reference` (`reports/nightly`) below `jobsDir`. A reference names what is below, so `..`
 * and absolute paths are refused; where a symbolic link leads is the operator's business.
 */
export function findHandlerFile(jobsDir: string, reference: string): FoundFile {
  const isBelow = !path.isAbsolute(reference) && !reference.split(/[/\\]/).includes("..");
  if (!isBelow || reference === "") return { outcome: "outside" };
  const files = EXTENSIONS.map(extension => path.join(jobsDir, reference + extension)).filter(isFile);
  const [file] = files;
  if (file === undefined) return { outcome: "missing" };
  return files.length === 1 ? { outcome: "found", file } : { outcome: "several", files };
}

/** What a config could name as handlers: every module below `jobsDir`, without its extension, sorted. */
export function listHandlerReferences(jobsDir: string): readonly string[] {
  if (!existsSync(jobsDir)) return [];
  return readdirSync(jobsDir, { recursive: true, encoding: "utf8" })
    .filter(file => EXTENSIONS.includes(path.extname(file)) && !isLeftOut(file))
    .map(file => file.slice(0, -path.extname(file).length).split(path.sep).join("/"))
    .sort();
}

function isLeftOut(file: string): boolean {
  const isHidden = file.split(path.sep).some(part => part.startsWith(".") || part === "node_modules");
  return isHidden || /\.(d|test|spec)\.[^.]+$/.test(file);
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
