import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { createProject } from "../support/project.ts";
import { findSchemaProblems } from "./kubernetes-schemas.ts";
import { CHART, type KubernetesObject, lint, render, renderNotes, type Values } from "./renderer.ts";
import { VALUE_SETS, type ValueSet } from "./value-sets.ts";

const DEPLOY = path.resolve(import.meta.dirname, "../../deploy");
/** Of a release that is rendered and not installed. */
const REVISION = "1";
const SETS = Object.keys(VALUE_SETS) as ValueSet[];
const CONFIGURED = SETS.filter(name => {
  const values: Values = VALUE_SETS[name];
  return (values["config"] as Values | undefined)?.["jobs"] !== undefined;
});

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function objectsOf(name: ValueSet): Promise<readonly KubernetesObject[]> {
  return await render(VALUE_SETS[name]);
}

function ofKind(objects: readonly KubernetesObject[], kind: string): readonly KubernetesObject[] {
  return objects.filter(object => object.kind === kind);
}

function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const [first, ...others] = ofKind(objects, kind);
  if (!first || others.length > 0) throw new Error(`expected one ${kind}, found ${objects.length}`);
  return first;
}

/** One of the chart's values as Helm sees it with this set on top. */
async function valueIn(name: ValueSet, key: string): Promise<unknown> {
  const defaults = parse(await readFile(path.join(CHART, "values.yaml"), "utf8"));
  return { ...defaults, ...VALUE_SETS[name] }[key];
}

describe.each(SETS)("with %s", name => {
  test("Helm's linter finds nothing to warn of", async () => {
    await lint(VALUE_SETS[name]);
  });

  test("every object satisfies the schema of its kind, and none is there twice", async () => {
    const objects = await objectsOf(name);
    expect(ofKind(objects, "Deployment").length).toBeGreaterThan(0);
    for (const object of objects) {
      expect({ name: object.metadata.name, problems: findSchemaProblems(object) }).toEqual({
        name: object.metadata.name,
        problems: [],
      });
    }
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test("pods are restricted, have no token, and outlive their handlers", async () => {
    const shutdownTimeoutSeconds = Number(await valueIn(name, "shutdownTimeoutSeconds"));
    for (const deployment of ofKind(await objectsOf(name), "Deployment")) {
      const pod = deployment["spec"].template.spec;
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(shutdownTimeoutSeconds);
      expect(pod.containers).toHaveLength(1);
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(pod.topologySpreadConstraints.length).toBeGreaterThan(0);
    }
    for (const account of ofKind(await objectsOf(name), "ServiceAccount")) {
      expect(account["automountServiceAccountToken"]).toBe(false);
    }
  });

  test("pods are probed, named after themselves, of the release's generation, and replaced one by one", async () => {
    const objects = await objectsOf(name);
    const generation = await valueIn(name, "generation");
    for (const deployment of ofKind(objects, "Deployment")) {
      expect(deployment["spec"].strategy).toEqual({
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
      });
      const [container] = deployment["spec"].template.spec.containers;
      expect(container).toMatchObject({
        startupProbe: { httpGet: { path: "/livez", port: "http" } },
        livenessProbe: { httpGet: { path: "/livez", port: "http" } },
        readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
        ports: expect.arrayContaining([{ name: "http", containerPort: 8080 }]),
      });
      expect(container.args[0]).toBe("run");
      expect(container.args).toContain("--id=$(POD_NAME)");
      expect(container.env).toContainEqual({
        name: "POD_NAME",
        valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
      });
      expect(container.env).toContainEqual({
        name: "BELLWETHER_GENERATION",
        value: generation === "" ? REVISION : String(generation),
      });
    }
  });

  test("selectors find the pods of the chart", async () => {
    const objects = await objectsOf(name);
    const pods = ofKind(objects, "Deployment").map(({ spec }) => spec.template.metadata.labels);
    const selectors = [
      ...ofKind(objects, "Deployment").map(({ spec }) => spec.selector.matchLabels),
      ...ofKind(objects, "PodDisruptionBudget").map(({ spec }) => spec.selector.matchLabels),
      ...ofKind(objects, "Service").map(({ spec }) => spec.selector),
      ...ofKind(objects, "NetworkPolicy").map(({ spec }) => spec.podSelector.matchLabels),
    ];
    for (const selector of selectors) expect(pods).toContainEqual(expect.objectContaining(selector));
    const service = only(objects, "Service").metadata["labels"];
    for (const { spec } of ofKind(objects, "ServiceMonitor")) {
      expect(service).toMatchObject(spec.selector.matchLabels);
    }
  });
});

describe.each(CONFIGURED)("the configuration with %s", name => {
  test("is accepted by Bellwether, and gives handlers less time than the pod has", async () => {
    const objects = await objectsOf(name);
    const { data } = named(objects, "ConfigMap", /-config$/);
    const project = await createProject(
      Object.fromEntries(Object.entries(data).map(([file, text]) => [`config/${file}`, String(text)])),
    );
    cleanups.push(project.dispose);
    const [deployment] = ofKind(objects, "Deployment");
    const pod = deployment?.["spec"].template.spec;
    expect(pod.volumes).toContainEqual({
      name: "config",
      configMap: { name: expect.stringMatching(/-config$/) },
    });
    const result = await loadConfig({ configDir: project.configDir, env: environmentOf(pod) });
    if (!result.ok) throw new Error(JSON.stringify(result.issues));
    expect(result.warnings).toEqual([]);
    const { generation, shutdownTimeoutMs, http } = result.config;
    expect(http).toMatchObject({ port: pod.containers[0].ports[0].containerPort });
    expect(generation).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(shutdownTimeoutMs);
  });
});

function named(objects: readonly KubernetesObject[], kind: string, pattern: RegExp): KubernetesObject {
  return only(
    objects.filter(({ metadata }) => pattern.test(metadata.name)),
    kind,
  );
}

/** The container's environment, with something fitting from each Secret. */
function environmentOf(pod: KubernetesObject["spec"]): Record<string, string> {
  const env: { name: string; value?: string }[] = pod.containers[0].env;
  const secret = (name: string) => (name === "REDIS_URL" ? "redis://:password@redis:6379" : `secret ${name}`);
  return Object.fromEntries(env.map(({ name, value }) => [name, value ?? secret(name)]));
}

describe("what becomes of values", () => {
  test("the image is the one of this version", async () => {
    const { version } = JSON.parse(await readFile(path.join(DEPLOY, "../package.json"), "utf8"));
    const pod = only(await objectsOf("defaults"), "Deployment")["spec"].template.spec;
    expect(pod.containers[0].image).toBe(`bellwether:${version}`);
  });

  test.each<[string, unknown, string]>([
    ["a whole number", 42, "42"],
    ["the number of a date", 20261124, "20261124"],
    ["zero", 0, "0"],
    ["text that looks like a number", "1.10", "1.10"],
  ])("the image's tag may be %s", async (_title, tag, shown) => {
    const pod = only(await render({ image: { tag } }), "Deployment")["spec"].template.spec;
    expect(pod.containers[0].image).toBe(`bellwether:${shown}`);
  });

  test.each(["42", "0", "1.10", "007", "12345678901234567890"])(
    "--set image.tag=%s is taken as it is",
    async tag => {
      const objects = await render({}, ["--set", `image.tag=${tag}`]);
      expect(only(objects, "Deployment")["spec"].template.spec.containers[0].image).toBe(`bellwether:${tag}`);
    },
  );

  test("each Kubernetes namespace has a namespace in Redis of its own", async () => {
    const values = { redis: { url: "redis://redis:6379" }, config: { jobs: { jobs: {} } } };
    const namespacesIn = async (kubernetes: string, more: Values = {}) => {
      const objects = await render({ ...values, ...more }, ["--namespace", kubernetes]);
      const { env } = only(objects, "Deployment")["spec"].template.spec.containers[0];
      return {
        file: parse(only(objects, "ConfigMap")["data"]["bellwether.yaml"]).namespace,
        env: env.find(({ name }: { name: string }) => name === "BELLWETHER_NAMESPACE").value,
      };
    };
    const both = (namespace: string) => ({ file: namespace, env: namespace });
    expect(await namespacesIn("staging")).toEqual(both("staging.crew-bellwether"));
    expect(await namespacesIn("prod")).toEqual(both("prod.crew-bellwether"));
    const long = { fullnameOverride: "f".repeat(52) };
    const [one, two] = await Promise.all(["a", "b"].map(end => namespacesIn("k".repeat(62) + end, long)));
    expect(one?.file).toMatch(/^[A-Za-z0-9_.-]{100}$/);
    expect(one?.file).not.toBe(two?.file);
    const kept = { config: { ...values.config, bellwether: { namespace: "crew-bellwether" } } };
    expect((await namespacesIn("prod", kept)).file).toBe("crew-bellwether");
  });

  test("the image's own configuration is used when there is no other", async () => {
    const objects = await objectsOf("defaults");
    expect(ofKind(objects, "ConfigMap")).toEqual([]);
    const pod = only(objects, "Deployment")["spec"].template.spec;
    expect(pod.volumes.map((volume: { name: string }) => volume.name)).toEqual(["tmp"]);
  });

  test("inline settings and jobs reach the files as they stand, environment references and all", async () => {
    const objects = await objectsOf("inline configuration, Redis with a password");
    const { data } = only(objects, "ConfigMap");
    expect(parse(data["jobs.yaml"])).toEqual(
      VALUE_SETS["inline configuration, Redis with a password"].config.jobs,
    );
    expect(parse(data["bellwether.yaml"])).toEqual({
      namespace: "shop",
      redis: { url: "${REDIS_URL}" },
      election: { store: "redis", leaseTtl: "10s" },
      generation: "${BELLWETHER_GENERATION:-0}",
      http: { host: "0.0.0.0", port: 8080 },
      shutdownTimeout: "900s",
      queues: { default: { concurrency: 20 } },
      log: { level: "debug" },
    });
  });

  test("secrets come from Secrets", async () => {
    const redis = only(await objectsOf("inline configuration, Redis with a password"), "Deployment");
    expect(redis["spec"].template.spec.containers[0].env).toContainEqual({
      name: "REDIS_URL",
      valueFrom: { secretKeyRef: { name: "redis-credentials", key: "url" } },
    });
    const etcd = await objectsOf("election on etcd, with TLS and a user");
    const pod = only(etcd, "Deployment")["spec"].template.spec;
    const reference = (key: string) => ({ valueFrom: { secretKeyRef: { name: "etcd-user", key } } });
    expect(pod.containers[0].env).toContainEqual({ name: "ETCD_USERNAME", ...reference("username") });
    expect(pod.containers[0].env).toContainEqual({ name: "ETCD_PASSWORD", ...reference("password") });
    expect(pod.volumes).toContainEqual({ name: "etcd-tls", secret: { secretName: "etcd-tls" } });
    expect(parse(only(etcd, "ConfigMap")["data"]["bellwether.yaml"]).election).toEqual({
      store: "etcd",
      leaseTtl: "6s",
      etcd: {
        hosts: VALUE_SETS["election on etcd, with TLS and a user"].etcd.hosts,
        username: "${ETCD_USERNAME}",
        password: "${ETCD_PASSWORD}",
        tls: {
          ca: "/etc/bellwether-etcd/ca.crt",
          cert: "/etc/bellwether-etcd/tls.crt",
          key: "/etc/bellwether-etcd/tls.key",
        },
      },
    });
  });

  test("the dashboard has a port, tokens from a Secret, and an Ingress for its path alone", async () => {
    const objects = await objectsOf("the dashboard behind an Ingress");
    const pod = only(objects, "Deployment")["spec"].template.spec;
    expect(pod.containers[0].ports).toContainEqual({ name: "admin", containerPort: 8081 });
    expect(pod.volumes).toContainEqual({ name: "admin-tokens", secret: { secretName: "dashboard-tokens" } });
    expect(parse(only(objects, "ConfigMap")["data"]["bellwether.yaml"]).admin).toEqual({
      host: "0.0.0.0",
      port: 8081,
      basePath: "/ops",
      viewersSeeData: false,
      tokenFile: "/etc/bellwether-admin/tokens",
      proxy: { from: ["10.0.0.0/8"], roles: { "*": "viewer" } },
    });
    expect(only(objects, "Service")["spec"].ports).toContainEqual({
      name: "admin",
      port: 80,
      targetPort: "admin",
    });
    const { tls, rules } = only(objects, "Ingress")["spec"];
    expect(tls).toEqual([{ secretName: "jobs-tls", hosts: ["jobs.example"] }]);
    const [{ path, backend }] = rules[0].http.paths;
    expect({ path, port: backend.service.port }).toEqual({ path: "/ops", port: { name: "admin" } });
    expect(only(objects, "NetworkPolicy")["spec"].ingress).toEqual([
      { ports: [{ port: "http", protocol: "TCP" }] },
      {
        ports: [{ port: "admin", protocol: "TCP" }],
        from: [{ podSelector: { matchLabels: { app: "proxy" } } }],
      },
    ]);
  });

  test("what places pods, and the user's own environment and volumes, reaches them", async () => {
    const set = VALUE_SETS["a ConfigMap of the user's, and everything that places pods"];
    const objects = await objectsOf("a ConfigMap of the user's, and everything that places pods");
    const { metadata, spec } = only(objects, "Deployment")["spec"].template;
    expect(metadata).toMatchObject({ labels: set.podLabels, annotations: set.podAnnotations });
    expect(spec).toMatchObject({
      nodeSelector: set.nodeSelector,
      tolerations: set.tolerations,
      affinity: set.affinity,
      topologySpreadConstraints: set.topologySpreadConstraints,
      priorityClassName: set.priorityClassName,
      imagePullSecrets: set.imagePullSecrets,
      serviceAccountName: "jobs",
    });
    expect(spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec.volumes).toEqual(expect.arrayContaining(set.extraVolumes));
    expect(spec.volumes).toContainEqual({ name: "config", configMap: { name: "our-jobs" } });
    const [container] = spec.containers;
    expect(container.volumeMounts).toEqual(expect.arrayContaining(set.extraVolumeMounts));
    expect(container.env).toEqual(expect.arrayContaining(set.env));
    expect(container.envFrom).toEqual(set.envFrom);
  });

  test("split roles are two Deployments, and KEDA counts the pods that work", async () => {
    const objects = await objectsOf("split roles, scaled by KEDA");
    const roles = ofKind(objects, "Deployment").map(({ metadata, spec }) => ({
      name: metadata.name,
      replicas: spec.replicas,
      roles: spec.template.spec.containers[0].args.filter((arg: string) => arg.startsWith("--roles")),
    }));
    expect(roles).toEqual([
      { name: "crew-bellwether-worker", replicas: undefined, roles: ["--roles=worker"] },
      { name: "crew-bellwether-scheduler", replicas: 3, roles: ["--roles=scheduler"] },
    ]);
    const { spec } = only(objects, "ScaledObject");
    expect(spec).toMatchObject({
      scaleTargetRef: { name: "crew-bellwether-worker" },
      minReplicaCount: 2,
      maxReplicaCount: 30,
    });
    expect(spec.triggers.map((trigger: KubernetesObject) => trigger["metadata"])).toEqual([
      {
        serverAddress: "http://prometheus.monitoring:9090",
        query:
          'sum(max by (state) (bellwether_queue_depth{namespace="default",service="crew-bellwether",queue="default",state=~"waiting|prioritized"}))',
        threshold: "20",
      },
      expect.objectContaining({ query: expect.stringContaining('queue="imports"'), threshold: "2" }),
    ]);
  });

  test("pods are told apart by roles in disruption budgets, and none is made when it is not wanted", async () => {
    const split = await objectsOf("split roles, scaled by KEDA");
    expect(ofKind(split, "PodDisruptionBudget").map(({ metadata }) => metadata.name)).toEqual([
      "crew-bellwether-worker",
      "crew-bellwether-scheduler",
    ]);
    const none = await objectsOf("Sentinel, an image by its digest, restarts on changes");
    expect(ofKind(none, "PodDisruptionBudget")).toEqual([]);
  });

  test("a change of the configuration restarts pods only on request", async () => {
    const set = VALUE_SETS["Sentinel, an image by its digest, restarts on changes"];
    const template = async (restartOnChange: boolean, cron: string) => {
      const config = { restartOnChange, jobs: { jobs: { a: { cron, handler: "a" } } } };
      const objects = await render({ ...set, config });
      return only(objects, "Deployment")["spec"].template;
    };
    expect(await template(false, "0 3 * * *")).toEqual(await template(false, "0 4 * * *"));
    expect(await template(true, "0 3 * * *")).not.toEqual(await template(true, "0 4 * * *"));
  });

  test("the alerts and the dashboard are those of deploy/", async () => {
    const objects = await objectsOf("everything that watches");
    const alerts = await readFile(path.join(DEPLOY, "prometheus/alerts.yaml"), "utf8");
    expect(await readFile(path.join(CHART, "files/alerts.yaml"), "utf8")).toBe(alerts);
    const own = 'absent(bellwether_leader{namespace="default",service="crew-bellwether"})';
    const expected = alerts.replace("absent(bellwether_leader)", own);
    expect(expected).not.toBe(alerts);
    expect(only(objects, "PrometheusRule")["spec"]).toEqual(parse(expected));
    const unscraped = await render({ prometheusRule: { enabled: true } });
    expect(only(unscraped, "PrometheusRule")["spec"]).toEqual(parse(alerts));
    expect(only(objects, "PrometheusRule").metadata["labels"]).toMatchObject({ release: "prometheus" });

    const dashboard = await readFile(path.join(DEPLOY, "grafana/bellwether.json"), "utf8");
    expect(await readFile(path.join(CHART, "files/bellwether.json"), "utf8")).toBe(dashboard);
    const { data, metadata } = named(objects, "ConfigMap", /-dashboard$/);
    expect(JSON.parse(data["bellwether.json"])).toEqual(JSON.parse(dashboard));
    expect(metadata["labels"]).toMatchObject({ grafana_dashboard: "1" });
  });

  test("the label job of Bellwether's metrics survives the scrape", async () => {
    const { spec } = only(await objectsOf("everything that watches"), "ServiceMonitor");
    expect(spec.endpoints).toEqual([{ port: "http", path: "/metrics", interval: "15s", honorLabels: true }]);
  });

  test("a network policy lets in whom it names, and lets out to DNS and what it names", async () => {
    const { spec } = only(await objectsOf("everything that watches"), "NetworkPolicy");
    const { networkPolicy } = VALUE_SETS["everything that watches"];
    expect(spec.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(spec.ingress).toEqual([
      { ports: [{ port: "http", protocol: "TCP" }], from: networkPolicy.ingressFrom },
    ]);
    expect(spec.egress).toEqual([
      {
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      },
      ...networkPolicy.egress,
    ]);
  });
});

describe("the notes", () => {
  test("say how to see who leads", async () => {
    const notes = await renderNotes(VALUE_SETS["split roles, scaled by KEDA"]);
    expect(notes).toMatch(/^Bellwether [\d.]+, release crew, generation \d+\.$/m);
    expect(notes).toContain("Namespace in Redis: default.crew-bellwether.");
    expect(notes).toContain(
      "kubectl --namespace default exec deploy/crew-bellwether-worker -- bellwether status --config /etc/bellwether",
    );
  });

  test.each<[string, ValueSet, string]>([
    [
      "one replica has nobody to take over",
      "Sentinel, an image by its digest, restarts on changes",
      "one replica",
    ],
    ["nobody is told of trouble", "defaults", "set prometheusRule.enabled"],
    ["the configuration is the image's", "defaults", "The configuration is the one in the image"],
  ])("warn that %s, and only then", async (_title, name, text) => {
    expect(await renderNotes(VALUE_SETS[name])).toContain(text);
    expect(await renderNotes(VALUE_SETS["everything that watches"])).not.toContain(text);
  });
});

describe("values that are refused", () => {
  test.each<[string, Values, string]>([
    ["a misspelt key", { replicaCount: 3 }, "replicaCount"],
    ["a misspelt key further down", { redis: { existingSecret: { nmae: "x" } } }, "nmae"],
    ["a number as text", { replicas: "3" }, "/replicas"],
    ["a password in plain values", { redis: { url: "redis://:password@redis:6379" } }, "/redis/url"],
    ["root", { podSecurityContext: { runAsUser: 0 } }, "/podSecurityContext/runAsUser"],
    [
      "no time between the handlers' end and the pod's",
      { terminationMarginSeconds: 0 },
      "/terminationMargin",
    ],
    ["another store", { election: { store: "zookeeper" } }, "/election/store"],
    [
      "the generation as a variable of the user's",
      { env: [{ name: "BELLWETHER_GENERATION" }] },
      "/env/0/name",
    ],
  ])("by the schema: %s", async (_title, values, where) => {
    await expect(render(values)).rejects.toThrow(where);
  });

  test.each<[string, Values, string]>([
    ["no Redis", { config: { jobs: { jobs: {} } } }, "which Redis?"],
    [
      "a dashboard for everybody",
      { redis: { url: "redis://redis:6379" }, config: { jobs: { jobs: {} } }, admin: { enabled: true } },
      "who may use it?",
    ],
    ["an Ingress to nothing", { admin: { ingress: { enabled: true, host: "a" } } }, "has no effect"],
    [
      "two configurations",
      { config: { existingConfigMap: "x", jobs: { jobs: {} } } },
      "expected one of them",
    ],
    [
      "two addresses",
      { redis: { url: "redis://a:1", existingSecret: { name: "b" } } },
      "expected one of them",
    ],
    ["settings that would have no effect", { election: { store: "etcd" } }, "no effect without config.jobs"],
    ["a tag that YAML has read as another number", { image: { tag: 1.1 } }, "--set-string image.tag="],
    ["a tag with more digits than a number keeps", { image: { tag: 1e17 } }, "--set-string image.tag="],
    ["etcd without hosts", { election: { store: "etcd" } }, "expected etcd.hosts"],
    ["KEDA without Prometheus", { keda: { enabled: true } }, "expected keda.prometheusAddress"],
  ])("by the templates: %s", async (_title, values, message) => {
    await expect(render(values)).rejects.toThrow(message);
  });
});

describe("the check of objects", () => {
  const service = (spec: object) =>
    ({ apiVersion: "v1", kind: "Service", metadata: { name: "x" }, spec }) as KubernetesObject;

  test.each([
    ["what is right", { ports: [{ name: "http", port: 80 }] }, []],
    [
      "a misspelt field",
      { ports: [{ port: 80, trgetPort: 80 }] },
      [".spec.ports.0.trgetPort is no field of Service"],
    ],
    ["a value of the wrong type", { ports: [{ port: "80" }] }, ["data/spec/ports/0/port must be integer"]],
  ])("finds %s", (_title, spec, problems) => {
    expect(findSchemaProblems(service(spec))).toEqual(problems);
  });

  test("finds a kind that it does not know", () => {
    const object = { apiVersion: "v1", kind: "Sevice", metadata: { name: "x" } };
    expect(findSchemaProblems(object)).toEqual(["no schema for v1 Sevice"]);
  });
});
