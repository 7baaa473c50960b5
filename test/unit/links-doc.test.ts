import { globSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Fenced code is no text; a link in it is none. */
function textOf(markdown: string): string {
  return markdown.replaceAll(/^( *)```.*?^\1```/gms, "");
}

/** As GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...textOf(markdown).matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading = ""]) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(
    headings.map(slug => {
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
}

/**
 * What is wrong with the relative links of a document: no such file, no such heading, or, where the text of a link is the
 * title of a test (in quotation marks), no test of that title.
 */
function brokenLinks(file: string, markdown: string, read: (file: string) => string | null): string[] {
  const links = [...textOf(markdown).matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g)];
  return links.flatMap(([link, text = "", to = ""]) => {
    if (/^[a-z]+:/i.test(to)) return [];
    const [target = "", anchor] = to.split("#");
    const found = target === "" ? file : path.posix.join(path.posix.dirname(file), target);
    const content = read(found);
    if (content === null) return [`${file}: ${link}: no such file`];
    if (anchor !== undefined && !anchorsOf(content).has(anchor)) return [`${file}: ${link}: no such heading`];
    const title = /^"([^"]+)"$/.exec(text.replaceAll(/\s+/g, " "))?.[1];
    return title !== undefined && !content.includes(title) ? [`${file}: ${link}: no such test`] : [];
  });
}

function readTracked(file: string): string | null {
  try {
    const at = path.join(ROOT, file);
    return statSync(at).isDirectory() ? "" : readFileSync(at, "utf8");
  } catch {
    return null;
  }
}

it("the links of the documentation lead to files, headings and tests that exist", () => {
  const files = globSync(["*.md", "{docs,model,deploy,test,bench}/**/*.md"], { cwd: ROOT });
  expect(files).toContain(path.join("docs", "guarantees.md"));
  const broken = files.flatMap(file => brokenLinks(file, readTracked(file) ?? "", readTracked));
  expect(broken).toEqual([]);
});

describe("the search for broken links", () => {
  const read = (file: string) =>
    new Map([
      ["docs/there.md", "# What `it` is, really\n\n```sh\n# not a heading\n```\n"],
      ["test/unit/x.test.ts", 'it("does this", () => {});'],
    ]).get(file) ?? null;

  it.each([
    ["[a](there.md#what-it-is-really), [b](https://example.com/none), [c](../test/unit/x.test.ts)", 0],
    [
      '["does this"](../test/unit/x.test.ts), ["does\nthis"](../test/unit/x.test.ts), [a test](../test/unit/x.test.ts)',
      0,
    ],
    ["```\n[a](none.md)\n```", 0],
    ["[a](none.md)", 1],
    ["[a](there.md#not-a-heading)", 1],
    ['["does that"](../test/unit/x.test.ts)', 1],
  ])("finds in %j so many: %i", (markdown, count) => {
    expect(brokenLinks("docs/here.md", markdown, read)).toHaveLength(count);
  });
});
