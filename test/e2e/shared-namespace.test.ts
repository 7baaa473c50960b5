import path from "node:path";
import { expect, test } from "vitest";
import { shutDown, startWith, useSites } from "../support/sites.ts";

const createSite = useSites();

test("two applications in one namespace are told of each other, and each line says which namespace that is", async context => {
  const site = await createSite(context, { jobs: ["prod-job: { every: 1s, handler: echo }"] });
  const { host, port } = site.redis().options;
  await site.project.write(
    "staging/config/bellwether.yaml",
    [`redis: { url: "redis://${host}:${port}" }`, "http: false", "admin: false"].join("\n"),
  );
  await site.project.write(
    "staging/config/jobs.yaml",
    'jobs: { staging-job: { every: 1s, command: ["true"] } }',
  );
  const prod = ["scheduler", "worker"].map(roles =>
    site.startWith({ BELLWETHER_GENERATION: "3" }, "--roles", roles),
  );
  await prod[0]?.when("leader.elected");

  const staging = startWith(site, {
    configDir: path.join(site.project.dir, "staging/config"),
    env: { BELLWETHER_GENERATION: "5", BELLWETHER_NAMESPACE: site.namespace },
  });
  const { replica: other } = await staging.when("leader.elected");
  for (const replica of prod) {
    expect(await replica.when("namespace.shared")).toMatchObject({
      level: "warn",
      namespace: site.namespace,
      generation: 3,
      other,
      otherGeneration: 5,
    });
  }
  expect(site.lines("namespace.shared", line => line.replica === other)).toEqual([]);
  await shutDown(site);
  const lines = site.replicas.flatMap(replica => replica.lines);
  expect(lines.filter(line => line["namespace"] !== site.namespace)).toEqual([]);
});
