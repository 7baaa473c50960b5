/**
 * Copies the Markdown that becomes pages to website/.cache/pages, at the same paths as in the repository. Pages are compiled to
 * Vue components, and Node.js finds Vue only from files below this folder.
 */
import { cpSync, globSync, rmSync } from "node:fs";
import path from "node:path";
import { pageOf } from "./pages.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const PAGES = path.join(import.meta.dirname, ".cache/pages");

rmSync(PAGES, { recursive: true, force: true });
for (const file of globSync(["*.md", "docs/*.md"], { cwd: ROOT })) {
  if (pageOf(file) !== null) cpSync(path.join(ROOT, file), path.join(PAGES, file));
}
cpSync(path.join(ROOT, "docs/images"), path.join(PAGES, "docs/images"), { recursive: true });
