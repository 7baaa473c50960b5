/**
 * Checks the relative links of a Markdown document without a network. Addresses of other hosts are not checked: a check
 * that depends on other servers fails when they do.
 */
import path from "node:path";
import GithubSlugger from "github-slugger";
import { toString as textOf } from "mdast-util-to-string";
import { visit } from "unist-util-visit";
import { parseMarkdown } from "./markdown.ts";

/** Returns a file's text, an empty text for a folder, and null when there is neither. */
export type ReadFile = (file: string) => string | null;

/**
 * One line for each dead link: the file or the heading does not exist, or the target is outside of the repository. A
 * link whose text is a test's title in quotation marks is dead when the target has no such test.
 */
export function brokenLinks(file: string, markdown: string, read: ReadFile): string[] {
  const broken: string[] = [];
  visit(parseMarkdown(markdown), node => {
    if (node.type !== "link" && node.type !== "image" && node.type !== "definition") return;
    if (/^([a-z][a-z+.-]*:|\/\/)/i.test(node.url)) return;
    const [start, end] = [node.position?.start, node.position?.end];
    const source = markdown.slice(start?.offset, end?.offset).replaceAll(/\s+/g, " ");
    const problem = problemOf(file, node.url, source, at => (at === file ? markdown : read(at)));
    if (problem !== null) broken.push(`${file}:${start?.line}: ${source}: ${problem}`);
  });
  return broken;
}

function problemOf(file: string, url: string, source: string, read: ReadFile): string | null {
  const [target = "", anchor] = url.split("#").map(decodeURIComponent);
  const found = target === "" ? file : path.posix.join(path.posix.dirname(file), target);
  if (found.startsWith("../") || found.startsWith("/")) return "outside of the repository";
  const content = read(found);
  if (content === null) return "no such file";
  if (anchor !== undefined && found.endsWith(".md") && !anchorsOf(content).has(anchor)) {
    return "no such heading";
  }
  const title = /^\["([^"]+)"\]/.exec(source)?.[1];
  return title !== undefined && !content.includes(title) ? "no such test" : null;
}

/** The anchors that GitHub gives to headings, and those that are written as HTML. */
function anchorsOf(markdown: string): Set<string> {
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  visit(parseMarkdown(markdown), node => {
    if (node.type === "heading") anchors.add(slugger.slug(textOf(node)));
    if (node.type !== "html") return;
    for (const [, anchor = ""] of node.value.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(anchor);
  });
  return anchors;
}
