import { expect, it } from "vitest";
import { renderTable } from "../../../src/cli/table.ts";
import { printable } from "../../../src/config/document/describe.ts";
import { formatNote } from "../../../src/import/imported-jobs.ts";
import { jobFile, load } from "../../support/config.ts";

it.each([
  { name: "escape sequences", text: "\u001b[2J", shown: "\\u001b[2J" },
  { name: "line breaks of all kinds", text: "a\r\n\u0085\u2028b", shown: "a\\u000d\\u000a\\u0085\\u2028b" },
  { name: "changes of direction", text: "a\u202Eb", shown: "a\\u202eb" },
  { name: "half characters", text: "a\uD800", shown: "a\\ud800" },
  { name: "and nothing else", text: "Grüße, 世界 👋\\", shown: "Grüße, 世界 👋\\" },
])("shows $name with an escape", ({ text, shown }) => {
  expect(printable(text)).toBe(shown);
});

it("shows mistakes so, whatever keys there are", async () => {
  const { lines } = await load(jobFile("every: 5s", '"\\eb\\nc": 1'));
  expect(lines).toEqual([
    expect.stringMatching(/^config\/jobs.yaml:5:5 jobs\.a\.\\u001bb\\u000ac: unknown key/),
  ]);
});

it("shows only the beginning of mistakes that repeat megabytes", async () => {
  const { lines } = await load({
    ...jobFile(`cron: "${"*,".repeat(500_000)}*"`),
    "bellwether.yaml": `${"x".repeat(1_000)}: 1`,
  });
  expect(lines.map(line => [line.slice(0, 40), line.length < 1_100])).toEqual([
    ["config/bellwether.yaml:1:1 xxxxxxxxxxxxx", true],
    ['config/jobs.yaml:4:11 jobs.a.cron: "*,*,', true],
  ]);
});

it("shows notes on imports so", () => {
  expect(formatNote({ place: "cron\u0007tab:1", text: "a\nb", isLost: true })).toBe(
    "cron\\u0007tab:1: not carried over: a\\u000ab",
  );
});

it("shows what is in tables so, except for lines", () => {
  expect(renderTable(["A"], [["x\u001b[31m\ny"]])).toBe("A\nx\\u001b[31m\ny\n");
});
