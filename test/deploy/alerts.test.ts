import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createProject } from "../support/project.ts";
import { METRICS, metricsIn } from "./metrics.ts";
import { promtool } from "./promtool.ts";
import { promtoolTestOf } from "./recorded-test.ts";
import { SITUATIONS } from "./situations.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const RULES = path.join(ROOT, "deploy/prometheus/alerts.yaml");
const UNIT_TESTS = path.join(ROOT, "deploy/prometheus/alerts.test.yaml");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

const rules: readonly Rule[] = parse(await readFile(RULES, "utf8")).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("promtool accepts the rules, and each fires when it should and not before", async () => {
  expect(await promtool("check", "rules", RULES)).toMatchObject({
    isOk: true,
    output: expect.stringContaining(`SUCCESS: ${rules.length} rules found`),
  });
  expect(await promtool("test", "rules", UNIT_TESTS)).toMatchObject({ isOk: true });
});

test("a rule that never fires does not pass for a good one", async () => {
  const project = await createProject({});
  cleanups.push(project.dispose);
  const broken = (await readFile(RULES, "utf8")).replace(
    "bellwether_config_rejected_total",
    "bellwether_nothing",
  );
  await project.write("alerts.yaml", broken);
  const file = path.join(project.dir, "alerts.test.yaml");
  await writeFile(file, await readFile(UNIT_TESTS));
  expect(await promtool("test", "rules", file)).toMatchObject({
    isOk: false,
    output: expect.stringContaining("BellwetherConfigRejected"),
  });
});

describe.each(rules)("$alert", ({ alert, expr, labels, annotations }) => {
  test("asks for metrics that there are", () => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(metricsIn(expr).filter(metric => !METRICS.includes(metric))).toEqual([]);
  });

  test("has a severity, says what happened and what to do, and names its place in the runbook", async () => {
    expect(["critical", "warning"]).toContain(labels.severity);
    expect(annotations.summary.length).toBeGreaterThan(10);
    expect(annotations.description.length).toBeGreaterThan(annotations.summary.length);
    expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    const runbook = await readFile(path.join(ROOT, "docs/operations.md"), "utf8");
    expect(runbook.split("\n")).toContain(`### ${alert}`);
  });

  test("fires in a recorded situation and not in others, as docs/metrics.md says", async () => {
    const fires = SITUATIONS.filter(situation => situation.fires.includes(alert));
    expect(fires.length).toBeGreaterThan(0);
    expect(fires.length).toBeLessThan(SITUATIONS.length);
    const page = await readFile(path.join(ROOT, "docs/metrics.md"), "utf8");
    expect(page).toContain(`| \`${alert}\` | ${fires.map(({ what }) => what).join("; ")} |`);
  });
});

describe.each(SITUATIONS)("while $what ($name)", situation => {
  test("exactly the alerts that are for it fire, by what real replicas showed", async () => {
    const project = await createProject({});
    cleanups.push(project.dispose);
    const file = path.join(project.dir, "recorded.test.yaml");
    await writeFile(file, await promtoolTestOf(situation, RULES));
    expect(await promtool("test", "rules", file)).toMatchObject({ isOk: true });
  });
});
