/** Part of `npm run check:static`: prints the dead links of all Markdown files, and exits with 1 if there are any. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { brokenLinks } from "./docs/broken-links.ts";
import { textFiles } from "./docs/text-files.ts";

const ROOT = path.resolve(import.meta.dirname, "..");

function read(file: string): string | null {
  const at = path.join(ROOT, file);
  const found = statSync(at, { throwIfNoEntry: false });
  if (found === undefined) return null;
  return found.isDirectory() ? "" : readFileSync(at, "utf8");
}

const broken = textFiles(ROOT, "**/*.md").flatMap(file => brokenLinks(file, read(file) ?? "", read));
for (const line of broken) console.error(line);
if (broken.length > 0) process.exitCode = 1;
