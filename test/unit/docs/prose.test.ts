import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isAccepted, proseReport } from "../../../scripts/docs/prose-report.ts";
import { createProject } from "../../support/project.ts";

const reportOf = (text: string, file = "docs/x.md") => proseReport([{ file, text }]);
const words = (count: number) => `Word${" word".repeat(count - 1)}.`;

describe("the prose report of Markdown", () => {
  it("counts the words of each sentence, and says where the longest is", () => {
    const report = reportOf(`Two words. Here are four words.\n\n- An item of\n  five words`);
    expect(report).toEqual({
      sentences: 3,
      medianWords: 4,
      longest: expect.objectContaining({ words: 5, place: "docs/x.md:3" }),
      findings: [],
    });
  });

  it.each([
    ["tables", `| a | b |\n| --- | --- |\n| ${words(40)} | c |`],
    ["headings", `# ${words(40)}`],
    ["fenced code", `\`\`\`text\n${words(40)} This is told.\n\`\`\``],
    ["indented code", `    ${words(40)} This is told.`],
    ["code in a line, but as one word", `This is \`${words(40)} told\`.`],
  ])("does not count %s", (_, text) => {
    const report = reportOf(`${text}\n\nThree short words.\n`);
    expect(report.findings).toEqual([]);
    expect(report.longest?.words).toBe(3);
  });

  it("reports a sentence over 35 words, and none of 35", () => {
    const { findings } = reportOf(`${words(35)}\n\nBefore.\n${words(36)}`);
    expect(findings).toEqual([expect.stringMatching(/^docs\/x\.md:4: 36 words: Word word/)]);
  });

  it("takes code at the beginning of a sentence for its beginning", () => {
    expect(reportOf(`${words(20)} \`status\` is ${words(20)}`).findings).toEqual([]);
  });

  it.each([
    ["Whoever asks is told at once.", ["Whoever", "told", "at once"]],
    ["It is mended\nby turns.", ["mended", "by turns"]],
    ["| a |\n| --- |\n| Nobody leads |", ["Nobody"]],
    ["# Three looks", ["Three looks"]],
    ["The lease stands in Redis until\nit is back.", ["stands in", "until it is back"]],
    [
      "Nobody gives back what falls due, so often it is gone.",
      ["Nobody", "gives back", "falls due", "so often", "is gone"],
    ],
    [
      "1 ms in the middle, not for long: a courtesy, a farewell.",
      ["in the middle", "not for long", "courtesy", "farewell"],
    ],
    ["Somebody bears with it, and it is over.", ["Somebody", "bears", "is over"]],
  ])("finds the listed words of %j", (text, expected) => {
    const found = reportOf(text).findings.map(
      finding => /^docs\/x\.md:\d+: "(.*)", instead: /.exec(finding)?.[1],
    );
    expect(found.sort()).toEqual(expected.sort());
  });

  it.each([
    "A connection breaks in the middle of a command.",
    "It looks up a name that looks like this; the total is over 30.",
    "The bearer understands a standby.",
    '["is told at once when nobody leads"](x.test.ts) shows it.',
  ])("accepts %j", text => {
    expect(reportOf(text).findings).toEqual([]);
  });

  it("refuses a median over 16 words", () => {
    expect(isAccepted(reportOf(`${words(2)}\n\n${words(16)}\n\n${words(30)}`))).toBe(true);
    expect(isAccepted(reportOf(`${words(2)}\n\n${words(17)}\n\n${words(30)}`))).toBe(false);
    expect(isAccepted(reportOf("Nobody."))).toBe(false);
  });
});

describe("the prose report of comments", () => {
  it.each([
    ["src/a.ts", `const a = 1;\n/**\n * Fine.\n * ${words(36)}\n */`, 4],
    ["src/a.ts", `// Fine.\n// ${words(20)}\n\n// ${words(20).slice(0, -1)}\n// ${words(20)}`, 4],
    ["src/a.lua", `-- Fine.\n-- ${words(36)}\nreturn 1`, 2],
  ])("finds a long sentence in %s: %j", (file, text, line) => {
    const { findings } = reportOf(text, file);
    expect(findings).toEqual([expect.stringMatching(`^${file}:${line}: \\d+ words`)]);
  });

  it.each([
    ["src/a.ts", `const told = "// ${words(40)}";\n// biome-ignore x: told\n/** @see told.ts */`, 1],
    ["src/a.ts", `const a = 1; // ${words(20).slice(0, -1)}\nconst b = 1; // ${words(20)}`, 0],
    ["src/a.lua", `-- KEYS  1 a   2 b\n-- ARGV  1 c\n--   ${words(40)}`, 0],
  ])("lets names and tables of %s be: %j", (file, text, count) => {
    expect(reportOf(text, file).findings).toHaveLength(count);
  });
});

describe("`npm run prose`", () => {
  const run = async (readme: string) => {
    const project = await createProject({ "README.md": readme });
    const script = path.resolve(import.meta.dirname, "../../../scripts/prose.ts");
    const { status, stdout } = spawnSync(process.execPath, [script], { cwd: project.dir, encoding: "utf8" });
    await project.dispose();
    return { status, stdout };
  };

  it("prints the figures, and exits with 0 when all is well", async () => {
    expect(await run("# Title\n\nOne. Two words.\n")).toEqual({
      status: 0,
      stdout: "README: 2 sentences, median 1 words, longest 2 (README.md:3); 0 findings\n\n",
    });
  });

  it("prints what is wrong with its place, and exits with 1", async () => {
    const { status, stdout } = await run(`Nobody.\n\n${words(36)}\n`);
    expect(status).toBe(1);
    expect(stdout).toContain("README.md:3: 36 words: Word word");
    expect(stdout).toContain('README.md:1: "Nobody", instead: there is no, no replica\n');
  });
});
