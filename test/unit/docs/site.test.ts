/** The pages of the site, which `npm run site` builds from the same Markdown. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { toString as textOf } from "mdast-util-to-string";
import { visit } from "unist-util-visit";
import { describe, expect, it } from "vitest";
import { parseMarkdown } from "../../../scripts/docs/markdown.ts";
import { siteLink } from "../../../website/pages.ts";
import { GROUPS, type Group, HOME } from "../../../website/sidebar.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
/** TypeDoc writes it while the site is built. */
const API = "api/index.md";

const inSidebar = [HOME, ...GROUPS.flatMap(({ pages }) => pages.map(([, file]) => file))];

/** Headings of the map, and below each the titles and targets of its links. */
function groupsOfTheMap(): Group[] {
  const groups: { title: string; pages: [string, string][] }[] = [];
  visit(parseMarkdown(readFileSync(path.join(ROOT, HOME), "utf8")), node => {
    if (node.type === "heading" && node.depth === 2) groups.push({ title: textOf(node), pages: [] });
    if (node.type !== "link") return;
    groups.at(-1)?.pages.push([textOf(node), path.posix.join(path.posix.dirname(HOME), node.url)]);
  });
  return groups;
}

describe("the sidebar of the site", () => {
  it("has each page of docs/ once", () => {
    const pages = globSync("docs/*.md", { cwd: ROOT }).map(file => file.split(path.sep).join("/"));
    expect(pages.filter(file => !inSidebar.includes(file))).toEqual([]);
    expect(inSidebar.filter((file, index) => inSidebar.indexOf(file) !== index)).toEqual([]);
  });

  it("names no page that is not there", () => {
    const files = globSync(["*.md", "docs/*.md"], { cwd: ROOT }).map(file => file.split(path.sep).join("/"));
    expect(inSidebar.filter(file => file !== API && !files.includes(file))).toEqual([]);
  });

  it("has the groups, titles and order of the map in docs/README.md, which GitHub shows", () => {
    const groups = GROUPS.map(({ title, pages }) => ({
      title,
      pages: pages.filter(([, file]) => file !== API),
    }));
    expect(groupsOfTheMap()).toEqual(groups);
  });
});

describe("a link of the Markdown", () => {
  it.each([
    ["to a page beside it", "docs/redis.md", "locks.md", "/locks.html"],
    [
      "to a heading of a page in the root",
      "docs/a.md",
      "../README.md#install",
      "/project/readme.html#install",
    ],
    ["from the root", "README.md", "docs/README.md", "/index.html"],
    ["to a source", "docs/a.md", "../src/main.ts", "https://host/r/blob/HEAD/src/main.ts"],
    [
      "to a page that is no part of the site",
      "docs/a.md",
      "../model/README.md",
      "https://host/r/blob/HEAD/model/README.md",
    ],
  ])("%s leads to the same on the site", (_, file, url, expected) => {
    expect(siteLink(file, url, "https://host/r")).toBe(expected);
  });

  it("to a source is none while the repository has no address", () => {
    expect(siteLink("docs/a.md", "../src/main.ts", null)).toBeNull();
  });
});
