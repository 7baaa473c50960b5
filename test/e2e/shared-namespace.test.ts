import path from "node:path";
import { expect } from "vitest";
import { test } from "../support/fixtures.ts";
import { shutDown, startWith } from "../support/test-deployments.ts";

test("two applications in one namespace are told of each other, and each line says which namespace that is", async ({
  deploy,
}) => {
  const deployment = await deploy({ jobs: ["prod-job: { every: 1s, handler: echo }"] });
  const { host, port } = deployment.redis().options;
  await deployment.project.write(
    "staging/config/bellwether.yaml",
    [`redis: { url: "redis://${host}:${port}" }`, "http: false"].join("\n"),
  );
  await deployment.project.write(
    "staging/config/jobs.yaml",
    'jobs: { staging-job: { every: 1s, command: ["true"] } }',
  );
  const prod = ["scheduler", "worker"].map(roles =>
    deployment.startWith({ BELLWETHER_GENERATION: "3" }, "--roles", roles),
  );
  await prod[0]?.when("leader.elected");

  const staging = startWith(deployment, {
    configDir: path.join(deployment.project.dir, "staging/config"),
    env: { BELLWETHER_GENERATION: "5", BELLWETHER_NAMESPACE: deployment.namespace },
  });
  const { replica: other } = await staging.when("leader.elected");
  for (const replica of prod) {
    expect(await replica.when("namespace.shared")).toMatchObject({
      level: "warn",
      namespace: deployment.namespace,
      generation: 3,
      other,
      otherGeneration: 5,
    });
  }
  expect(deployment.lines("namespace.shared", line => line.replica === other)).toEqual([]);
  await shutDown(deployment);
  const lines = deployment.replicas.flatMap(replica => replica.lines);
  expect(lines.filter(line => line["namespace"] !== deployment.namespace)).toEqual([]);
});
