/** Renders the chart: with helm where it is in PATH, else with helmlet, which scripts/setup/chart-tools.mjs builds. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import { isInPath } from "../../scripts/setup/in-path.mjs";

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, "../..");
const HELMLET = path.join(ROOT, "node_modules/.cache/helmlet");
export const CHART = path.join(ROOT, "deploy/helm/bellwether");
export const RELEASE = "crew";

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the tests find out
  readonly [field: string]: any;
}

export type Values = Readonly<Record<string, unknown>>;

export interface Rendering {
  readonly objects: readonly KubernetesObject[];
  /** .Release.Revision of this renderer. */
  readonly revision: string;
}

/** Rejects with what the renderer said where the values contradict each other. */
export async function render(values: Values, chart = CHART): Promise<Rendering> {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-chart-"));
  try {
    const isHelm = isInPath("helm");
    const text = isHelm
      ? await renderWithHelm(chart, values, folder)
      : await renderWithHelmlet(chart, values, folder);
    const objects = parseAllDocuments(text).flatMap(document => {
      if (document.errors.length > 0) throw new Error(`${document.errors.join("\n")}\n${text}`);
      return (document.toJS() as KubernetesObject | null) ?? [];
    });
    return { objects, revision: isHelm ? "1" : "7" };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The chart's values as Helm sees them with these on top. */
export async function mergedValues(values: Values, chart = CHART): Promise<Values> {
  return merge(parse(await readFile(path.join(chart, "values.yaml"), "utf8")), values) as Values;
}

/** What `helm install` prints. NOTES.txt has only an include, so that it can be rendered like a manifest. */
export async function renderNotes(values: Values): Promise<string> {
  const chart = await mkdtemp(path.join(tmpdir(), "bellwether-notes-"));
  try {
    await cp(CHART, chart, { recursive: true });
    const manifest = `notes: {{ include "bellwether.notes" . | toJson }}\n`;
    await writeFile(path.join(chart, "templates/notes-check.yaml"), manifest);
    const { objects } = await render(values, chart);
    return String(objects.find(object => "notes" in object)?.["notes"]);
  } finally {
    await rm(chart, { recursive: true });
  }
}

async function renderWithHelm(chart: string, values: Values, folder: string): Promise<string> {
  const file = path.join(folder, "values.json");
  await writeFile(file, JSON.stringify(values));
  return (await run("helm", ["template", RELEASE, chart, "--values", file])).stdout;
}

async function renderWithHelmlet(chart: string, values: Values, folder: string): Promise<string> {
  if (!existsSync(HELMLET)) {
    throw new Error(
      "The chart cannot be rendered: put helm into PATH (https://helm.sh/docs/intro/install), or have " +
        "../shared/tools/helmlet beside this project and Go in PATH, and run npm test again.",
    );
  }
  const write = async (name: string, content: unknown) => {
    const file = path.join(folder, name);
    await writeFile(file, JSON.stringify(content));
    return file;
  };
  const merged = await write("values.json", await mergedValues(values, chart));
  const meta = await write("chart.json", parse(await readFile(path.join(chart, "Chart.yaml"), "utf8")));
  return (await run(HELMLET, [chart, RELEASE, merged, meta])).stdout;
}

/** As Helm merges: maps key by key, everything else replaced, null takes a default away. */
function merge(base: unknown, over: unknown): unknown {
  if (!isMap(base) || !isMap(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(base[key], value);
  }
  return merged;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
