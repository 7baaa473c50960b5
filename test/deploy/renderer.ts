/** Renders and checks the chart with Helm: the one in PATH, else the one that scripts/setup/helm.mjs fetches. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { helmOf } from "../../scripts/setup/helm.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");
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

/** Rejects with what Helm said where the schema or the templates refuse the values. */
export async function render(
  values: Values,
  options: readonly string[] = [],
): Promise<readonly KubernetesObject[]> {
  const text = await helm(["template", RELEASE, CHART, ...options], values);
  return parseAllDocuments(text).flatMap(document => {
    if (document.errors.length > 0) throw new Error(`${document.errors.join("\n")}\n${text}`);
    return (document.toJS() as KubernetesObject | null) ?? [];
  });
}

/** What `helm install` prints. */
export async function renderNotes(values: Values): Promise<string> {
  const text = await helm(["install", RELEASE, CHART, "--dry-run=client", "--output", "json"], values);
  return JSON.parse(text).info.notes;
}

/** Rejects with what Helm's linter finds; a warning is an error. */
export async function lint(values: Values): Promise<void> {
  await helm(["lint", CHART, "--strict"], values);
}

async function helm(args: readonly string[], values: Values): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-chart-"));
  try {
    const file = path.join(folder, "values.json");
    await writeFile(file, JSON.stringify(values));
    // Neither a cluster, nor the plugins and repositories of the user who runs the tests.
    const own = {
      HELM_CONFIG_HOME: folder,
      HELM_CACHE_HOME: folder,
      HELM_DATA_HOME: folder,
      KUBECONFIG: file,
    };
    const env = { ...process.env, HELM_NAMESPACE: "default", ...own };
    return (await promisify(execFile)(helmOf(ROOT), [...args, "--values", file], { env })).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
