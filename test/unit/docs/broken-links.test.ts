import path from "node:path";
import { describe, expect, it } from "vitest";
import { brokenLinks } from "../../../scripts/docs/broken-links.ts";
import { textFiles } from "../../../scripts/docs/text-files.ts";

const FILES = new Map([
  [
    "docs/there.md",
    '# What `it` is, really\n\n```sh\n# no heading\n```\n\n# Twice\n\n# Twice\n\n<a id="old"></a>\n',
  ],
  ["docs/picture.svg", "<svg/>"],
  ["test/unit/x.test.ts", 'it("does this", () => {});'],
  ["model", ""],
]);

const problemsOf = (markdown: string) =>
  brokenLinks("docs/here.md", markdown, file => FILES.get(file) ?? null);

describe("the link check", () => {
  it.each([
    "[a](there.md), [b](there.md#what-it-is-really), [c](there.md#twice-1), [d](there.md#old), [e](../model)",
    "# Here\n\n[a](#here)",
    "![a](picture.svg)",
    "[a][b]\n\n[b]: there.md",
    "[a](https://example.com/none), [b](mailto:a@example.com)",
    '["does this"](../test/unit/x.test.ts), ["does\nthis"](../test/unit/x.test.ts), [a](../test/unit/x.test.ts)',
    "```\n[a](none.md)\n```\n\n`[a](none.md)`\n\n    [a](none.md)",
  ])("accepts %j", markdown => {
    expect(problemsOf(markdown)).toEqual([]);
  });

  it.each([
    ["[a](none.md)", "no such file"],
    ["![a](none.svg)", "no such file"],
    ["[a][b]\n\n[b]: none.md", "no such file"],
    ["| a |\n| --- |\n| [a](none.md) |", "no such file"],
    ["[a](#here)", "no such heading"],
    ["[a](there.md#no-heading)", "no such heading"],
    ["[a](there.md#twice-2)", "no such heading"],
    ["[a](../../elsewhere/x.md)", "outside of the repository"],
    ['["does that"](../test/unit/x.test.ts)', "no such test"],
  ])("finds in %j: %s", (markdown, problem) => {
    expect(problemsOf(markdown)).toEqual([
      expect.stringMatching(new RegExp(`^docs/here\\.md:\\d+: .*${problem}$`)),
    ]);
  });

  it("reads the Markdown of all folders, and no one else's", () => {
    const files = textFiles(path.resolve(import.meta.dirname, "../../.."), "**/*.md");
    expect(files).toEqual(expect.arrayContaining(["README.md", "docs/guarantees.md", "model/README.md"]));
    expect(files.filter(file => file.includes("node_modules"))).toEqual([]);
  });
});
