import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { chartOf, END, markOf, type Result, withFigures } from "../../../bench/report/page.ts";
import { PLANS } from "../../../bench/report/plans.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const page = readFileSync(path.join(ROOT, "docs/performance.md"), "utf8");
const results = Object.fromEntries(
  globSync(path.join(ROOT, "bench/results/*.json")).map(file => [
    path.basename(file, ".json"),
    JSON.parse(readFileSync(file, "utf8")) as Result,
  ]),
);

const MACHINE = {
  cpu: "Some CPU",
  cores: 2,
  memoryGib: 8,
  system: "Linux 6",
  load: 0.1,
  versions: { "Node.js": "24.0.0", Redis: "7.0.15" },
};
const RESULT = {
  bench: "outage",
  command: "npm run bench -- outage",
  takenAt: "2026-11-28T20:00:00.000Z",
  machine: MACHINE,
  columns: [{ key: "lost", title: "lost" }],
  rows: [{ case: "down", contender: "Bellwether", rounds: [{ lost: 0 }] }],
};

describe("docs/performance.md", () => {
  it("has the figures and charts of the results that are checked in", () => {
    expect(page).toBe(withFigures(page, results));
    const charts = Object.entries(results).map(([name, result]) => [name, chartOf(name, result)] as const);
    const files = charts.filter(([, chart]) => chart !== null);
    for (const [name, chart] of files) {
      expect(readFileSync(path.join(ROOT, `docs/images/performance-${name}.svg`), "utf8")).toBe(chart);
    }
  });

  it.each(PLANS.map(({ name, script }) => [name, script]))(
    "has a part for %s, which is bench/%s.ts",
    (name, script) => {
      expect(page.split(markOf(name))).toHaveLength(2);
      expect(existsSync(path.join(ROOT, `bench/${script}.ts`))).toBe(true);
    },
  );
});

describe("the figures of a result", () => {
  const marks = (name: string) => `${markOf(name)}\n\nold\n\n${END}\n`;

  it("replace those that were there, and nothing else", () => {
    const other = `${marks("burst")}text\n`;
    const written = withFigures(`${other}${marks("outage")}${marks("the machine")}end\n`, { outage: RESULT });
    expect(written).toBe(`${other}${markOf("outage")}

![Ticks lost while Redis did not answer](images/performance-outage.svg)

|  |  | lost |
| --- | --- | --- |
| down | Bellwether | 0 |

\`npm run bench -- outage\`, 2026-11-28, load before: 0.1.

${END}
${markOf("the machine")}

- Some CPU, 2 cores, 8 GiB, Linux 6
- Node.js 24.0.0, Redis 7.0.15

${END}
end
`);
  });

  it("are the tables of a benchmark that prints", () => {
    const { columns: _columns, rows: _rows, ...common } = RESULT;
    const output = "words\n\n| a |\n| --- |\n| 1 |\n\nmore words\n| b |\n| --- |\n";
    const written = withFigures(`${marks("start")}${marks("the machine")}`, { start: { ...common, output } });
    expect(written).toContain("-->\n\n| a |\n| --- |\n| 1 |\n\n| b |\n| --- |\n\n`npm run");
  });

  it("need a part of the page", () => {
    expect(() => withFigures(marks("burst"), { outage: RESULT })).toThrow("the page has no part for outage");
  });
});

it("the quick benchmarks take 25 minutes at most", () => {
  expect(PLANS.reduce((sum, { minutes }) => sum + minutes.quick, 0)).toBeLessThanOrEqual(25);
});
