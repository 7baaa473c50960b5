import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { createProject } from "../support/project.ts";
import { METRICS, metricsIn, OWN_METRICS } from "./metrics.ts";
import { promtool } from "./promtool.ts";

const FILE = path.resolve(import.meta.dirname, "../../deploy/grafana/bellwether.json");

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const dashboard: {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
} = JSON.parse(await readFile(FILE, "utf8"));
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const queries = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
  ...dashboard.annotations.list.map(({ expr }) => ({ title: "annotation", expr })),
];

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(cleanups.map(cleanup => cleanup())));

/** As Grafana asks it. */
function expand(expr: string): string {
  const values: Readonly<Record<string, string>> = {
    __rate_interval: "1m",
    namespace: "shop",
    service: ".*",
  };
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => values[name] ?? whole);
}

test("Prometheus understands every query", async () => {
  const project = await createProject({});
  cleanups.push(project.dispose);
  const rules = queries.map(({ expr }, i) => ({ record: `dashboard:query:${i}`, expr: expand(expr) }));
  await project.write("rules.yaml", stringify({ groups: [{ name: "dashboard", rules }] }));
  expect(await promtool("check", "rules", path.join(project.dir, "rules.yaml"))).toMatchObject({
    isOk: true,
    output: expect.stringContaining(`SUCCESS: ${queries.length} rules found`),
  });
});

describe("every query", () => {
  test.each(queries)("of $title asks for metrics that there are", ({ expr }) => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(metricsIn(expr).filter(metric => !METRICS.includes(metric))).toEqual([]);
  });

  test.each(queries)("of $title uses variables that there are", ({ expr }) => {
    const known = ["__rate_interval", ...dashboard.templating.list.map(({ name }) => name)];
    // $1 belongs to label_replace.
    const used = [...expr.matchAll(/\$([a-z_]\w*)/g)].map(([, name]) => name);
    expect(used.filter(name => !known.includes(name ?? ""))).toEqual([]);
  });
});

test("every metric of Bellwether's is shown", () => {
  const shown = new Set(queries.flatMap(({ expr }) => metricsIn(expr)));
  const missing = OWN_METRICS.filter(metric => !shown.has(metric) && !shown.has(`${metric}_bucket`));
  expect(missing).toEqual([]);
});

test("panels have ids of their own and do not lie on each other", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
});
