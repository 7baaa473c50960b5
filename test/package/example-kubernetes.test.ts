/** examples/kubernetes with the packed tarball: what a pod would load, and what Helm would install. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, inject, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { helmOf } from "../../scripts/setup/helm.mjs";
import { dockerFiles } from "../../src/cli/init/project-files.ts";
import { version } from "../../src/cli/version.ts";
import { findSchemaProblems } from "../deploy/kubernetes-schemas.ts";
import type { KubernetesObject } from "../deploy/renderer.ts";
import { installExample } from "./examples.ts";
import { ROOT } from "./run-with.ts";

let example: string;
let readme: string;

beforeAll(async () => {
  example = await installExample("kubernetes", inject("packed").folder);
  readme = await readFile(path.join(example, "README.md"), "utf8");
}, 120_000);

const read = (file: string) => readFile(path.join(example, file), "utf8");

/** What a line of the README would install. */
async function rendered(line: string): Promise<readonly KubernetesObject[]> {
  const [, , , ...args] = line.replace(" --install", "").split(" ");
  const helm = await promisify(execFile)(helmOf(ROOT), ["template", "jobs", ...args], { cwd: example });
  return parseAllDocuments(helm.stdout).flatMap(
    document => (document.toJS() as KubernetesObject | null) ?? [],
  );
}

test("each line of the README with helm renders objects that Kubernetes knows", async () => {
  const lines = readme.split("\n").filter(line => line.startsWith("helm upgrade jobs "));
  expect(lines).toHaveLength(2);
  const replicas: number[] = [];
  for (const line of lines) {
    const objects = await rendered(line);
    expect(objects.flatMap(findSchemaProblems)).toEqual([]);
    const deployment = objects.find(({ kind }) => kind === "Deployment");
    expect(deployment?.metadata).toMatchObject({ name: "jobs-bellwether" });
    replicas.push(deployment?.["spec"].replicas);
    const [container] = deployment?.["spec"].template.spec.containers ?? [];
    expect(readme).toContain(`docker push ${container.image}\n`);
    const secret = container.env.find(({ name }: { name: string }) => name === "REDIS_URL");
    const { name, key } = secret.valueFrom.secretKeyRef;
    expect(readme).toMatch(new RegExp(`kubectl create secret generic ${name} .+--from-literal=${key}=`));
    // The image has the configuration: nothing is mounted in its place.
    expect(objects.filter(({ kind }) => kind === "ConfigMap")).toEqual([]);
  }
  expect(replicas).toEqual([3, 2]);
});

test("pods get the time that the configuration gives to handlers", async () => {
  const values = parse(await read("values.yaml"));
  const { shutdownTimeout } = parse(await read("config/bellwether.yaml"));
  expect(shutdownTimeout).toBe(`${values.shutdownTimeoutSeconds}s`);
});

test("its Dockerfile does what the one of `bellwether init` does", async () => {
  const instructions = (text: string) => text.split("\n").filter(line => /^[A-Z]/.test(line));
  const scaffolded = dockerFiles(version());
  expect(instructions(await read("Dockerfile"))).toEqual(instructions(scaffolded["Dockerfile"] ?? ""));
  expect(await read(".dockerignore")).toBe(scaffolded[".dockerignore"]);
});
