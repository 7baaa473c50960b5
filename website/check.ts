/**
 * Checks the built site: each link within it leads to a page and a heading that exist, the search
 * finds each page, and no page fetches anything from another host. VitePress itself checks the pages of links only. Prints what is wrong, and exits with 1 if anything is.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const DIST = path.join(import.meta.dirname, "dist");
const read = (file: string) => readFileSync(path.join(DIST, file), "utf8");
const valuesOf = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, value = ""]) => value);

/** The ids of each page, by its address. */
const pages = new Map(
  globSync("**/*.html", { cwd: DIST }).map(file => [
    `/${file.split(path.sep).join("/")}`,
    new Set(valuesOf(read(file), /\sid="([^"]+)"/g)),
  ]),
);

function problemOf(page: string, link: string): string | null {
  const { pathname, hash } = new URL(link, `http://site${page}`);
  const target = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const ids = pages.get(target);
  if (ids === undefined) return `no page ${target}`;
  return hash === "" || ids.has(decodeURIComponent(hash.slice(1))) ? null : `no heading ${hash} in ${target}`;
}

const problems: string[] = [];
for (const page of pages.keys()) {
  const html = read(page);
  for (const link of valuesOf(html, /<a\s[^>]*?href="([^"]*)"/g)) {
    const problem = /^[a-z]+:/.test(link) ? null : problemOf(page, link);
    if (problem !== null) problems.push(`${page}: ${link}: ${problem}`);
  }
  const fetched = valuesOf(html, /<(?:script|link|img|iframe)\s[^>]*?(?:src|href)="([^"]*)"/g);
  for (const address of fetched.filter(found => /^(https?:)?\/\//.test(found))) {
    problems.push(`${page}: fetches ${address}`);
  }
}
for (const file of globSync("**/*.css", { cwd: DIST })) {
  const fetched = valuesOf(read(file), /(?:url\(|@import)\s*["']?((?:https?:)?\/\/[^"')]+)/g);
  problems.push(...fetched.map(address => `${file}: fetches ${address}`));
}

const [indexFile = ""] = globSync("assets/chunks/@localSearchIndex*.js", { cwd: DIST });
const searchIndex = read(indexFile);
for (const page of [...pages.keys()].filter(name => name !== "/404.html")) {
  const id = `"${page.replace(/index\.html$/, "")}#`;
  if (!searchIndex.includes(id)) problems.push(`${page}: the search does not find it`);
}

if (pages.size < 10) problems.push(`only ${pages.size} pages were built`);
for (const problem of problems) console.error(problem);
console.log(`${pages.size} pages, ${problems.length} problems`);
if (problems.length > 0) process.exitCode = 1;
