import type { z } from "zod";
import type { Path } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { redisAddress } from "./redis-address.ts";
import { inMs } from "./schemas/fields.ts";
import { handlerSwitches } from "./schemas/job-schema.ts";
import { bellwetherSchema } from "./schemas/schema.ts";
import { found, type Validation, validate } from "./validate.ts";

/** What is assumed where bellwether.yaml has no such key: the same as if it were written there. */
export const ABSENT_SETTINGS = {
  namespace: `\${BELLWETHER_NAMESPACE:-bellwether}`,
  redis: { url: `\${REDIS_URL:-redis://127.0.0.1:6379}` },
  generation: `\${BELLWETHER_GENERATION:-0}`,
};

type Section = z.output<typeof bellwetherSchema>;

/** What bellwether.yaml says, as the replica works with it. */
export type Settings = ReturnType<typeof settingsOf>;

/** Reads bellwether.yaml: what the schema says, and what holds between keys. */
export function readSettings(document: ConfigDocument): Validation<Settings> {
  const checked = validate({ schema: bellwetherSchema, document, path: [], file: "bellwether" });
  const issues = [
    ...document.issues,
    ...(checked.ok ? [] : checked.issues),
    ...rules(document).flatMap(({ path, problem, at }) => document.issueAt(path, problem, at) ?? []),
  ];
  if (!checked.ok || issues.length > 0) return { ok: false, issues };
  return { ok: true, value: settingsOf(checked.value) };
}

/** What is accepted and has no effect, with its place. */
export function idleSettings(document: ConfigDocument): string[] {
  if (!document.has(["admin"])) return [];
  return [`${document.placeText(["admin"])} admin: has no effect: the HTTP API is not in this version`];
}

/** The names in the `queues` section, or null without one. Also there when other keys have mistakes. */
export function declaredQueues(document: ConfigDocument): readonly string[] | null {
  const queues = document.get(["queues"]);
  return isMapping(queues) ? Object.keys(queues) : null;
}

/** The queues under a prefix of another program. Also there when other keys have mistakes. */
export function prefixedQueues(document: ConfigDocument): readonly string[] {
  return (declaredQueues(document) ?? []).filter(name => document.has(["queues", name, "prefix"]));
}

/** The queues that other programs work off (`consume: false`). Also there when other keys have mistakes. */
export function unconsumedQueues(document: ConfigDocument): readonly string[] {
  return (declaredQueues(document) ?? []).filter(name => document.get(["queues", name, "consume"]) === false);
}

/** The kinds of handlers that `handlers` switches off. */
export function refusedHandlers(document: ConfigDocument): readonly string[] {
  return Object.keys(handlerSwitches.shape).filter(key => document.get(["handlers", key]) === false);
}

interface RuleIssue {
  readonly path: Path;
  readonly problem: string;
  readonly at?: "key" | "value";
}

/** Rules between keys, on the raw values: they speak up also when something else is wrong. */
function rules(document: ConfigDocument): RuleIssue[] {
  return [
    ...oneRedis(document),
    ...redisAccess(document),
    ...etcdHosts(document),
    ...etcdTls(document),
    ...etcdCredentials(document),
    ...tokensOffLoopback(document),
    ...differentTokens(document),
    ...differentPorts(document),
    ...sharedQueues(document),
  ];
}

const REDIS_KINDS = ["url", "sentinel", "cluster"];

function oneRedis(document: ConfigDocument): RuleIssue[] {
  const redis = document.get(["redis"]);
  if (!isMapping(redis)) return [];
  const kinds = REDIS_KINDS.filter(key => key in redis);
  if (kinds.length === 1) return [];
  const found = kinds.length === 0 ? "none of them" : kinds.join(" and ");
  return [
    {
      path: ["redis"],
      problem: `found ${found}, expected exactly one of url, sentinel and cluster`,
      at: "key",
    },
  ];
}

function redisAccess(document: ConfigDocument): RuleIssue[] {
  const issues = [
    ...together(document, ["redis", "tls"], "cert", "key"),
    ...needsPassword(document, ["redis"]),
    ...needsPassword(document, ["redis", "sentinel"]),
  ];
  const url = document.get(["redis", "url"]);
  if (typeof url !== "string") return issues;
  for (const key of ["username", "password"]) {
    const path = ["redis", key];
    const problem = "stands beside url, expected it within the address: redis://user:password@host";
    if (document.has(path)) issues.push({ path, problem, at: "key" });
  }
  if (document.has(["redis", "tls"]) && !url.startsWith("rediss://")) {
    const problem = "found TLS settings, expected rediss:// in redis.url";
    issues.push({ path: ["redis", "tls"], problem, at: "key" });
  }
  return issues;
}

function needsPassword(document: ConfigDocument, path: Path): RuleIssue[] {
  const username = [...path, "username"];
  if (!document.has(username) || document.has([...path, "password"])) return [];
  return [{ path: username, problem: "stands alone, expected also password", at: "key" }];
}

function etcdHosts(document: ConfigDocument): RuleIssue[] {
  if (document.get(["election", "store"]) === "etcd" && !document.has(["election", "etcd", "hosts"])) {
    const problem = "found etcd, expected also election.etcd.hosts, like [http://127.0.0.1:2379]";
    return [{ path: ["election", "store"], problem }];
  }
  const hosts = textsAt(document, ["election", "etcd", "hosts"]);
  const isMixed = hosts.some(isSecure) && !hosts.every(isSecure);
  const problem = "found both http:// and https://, expected all hosts to be the same";
  return isMixed ? [{ path: ["election", "etcd", "hosts"], problem }] : [];
}

function etcdTls(document: ConfigDocument): RuleIssue[] {
  const path = ["election", "etcd", "tls"];
  const tls = document.get(path);
  if (!isMapping(tls)) return [];
  const hosts = textsAt(document, ["election", "etcd", "hosts"]);
  if (hosts.length > 0 && !hosts.some(isSecure)) {
    return [{ path, problem: "found certificates, expected https:// in election.etcd.hosts", at: "key" }];
  }
  return together(document, path, "cert", "key");
}

function etcdCredentials(document: ConfigDocument): RuleIssue[] {
  return together(document, ["election", "etcd"], "username", "password");
}

function together(document: ConfigDocument, path: Path, one: string, other: string): RuleIssue[] {
  const [missing] = [one, other].filter(key => !document.has([...path, key]));
  const present = [one, other].find(key => document.has([...path, key]));
  if (missing === undefined || present === undefined) return [];
  return [{ path: [...path, present], problem: `stands alone, expected also ${missing}`, at: "key" }];
}

function textsAt(document: ConfigDocument, path: Path): string[] {
  const values = document.get(path);
  return Array.isArray(values) ? values.filter(value => typeof value === "string") : [];
}

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Every client that reaches the admin API can act on the cluster. */
function tokensOffLoopback(document: ConfigDocument): RuleIssue[] {
  const host = document.get(["admin", "host"]);
  const tokens = document.get(["admin", "tokens"]);
  const hasTokens = tokens !== undefined && !(Array.isArray(tokens) && tokens.length === 0);
  if (typeof host !== "string" || LOOPBACK.test(host) || hasTokens) return [];
  const problem = `${found(["admin", "host"], document)}, expected 127.0.0.1, or at least one token in admin.tokens`;
  return [{ path: ["admin", "host"], problem }];
}

/** The same secret twice would have two names and perhaps two roles. */
function differentTokens(document: ConfigDocument): RuleIssue[] {
  const tokens = document.get(["admin", "tokens"]);
  if (!Array.isArray(tokens)) return [];
  return ["name", "token"].flatMap(key => {
    const values = tokens.map(token => (isMapping(token) ? token[key] : undefined));
    return values.flatMap((value, index) => {
      const first = values.indexOf(value);
      if (typeof value !== "string" || first === index) return [];
      return [{ path: ["admin", "tokens", index, key], problem: `is the same as in admin.tokens[${first}]` }];
    });
  });
}

const EVERY_ADDRESS: readonly unknown[] = ["0.0.0.0", "::"];

function differentPorts(document: ConfigDocument): RuleIssue[] {
  if (document.get(["http"]) === false || !isMapping(document.get(["admin"]))) return [];
  const port = document.get(["admin", "port"]) ?? 8081;
  const host = document.get(["admin", "host"]) ?? "127.0.0.1";
  const httpHost = document.get(["http", "host"]) ?? "0.0.0.0";
  const isShared = host === httpHost || [host, httpHost].some(name => EVERY_ADDRESS.includes(name));
  if (port === 0 || !isShared || port !== (document.get(["http", "port"]) ?? 8080)) return [];
  const path = document.has(["admin", "port"]) ? ["admin", "port"] : ["http", "port"];
  return [{ path, problem: `${found(path, document)}, expected different ports for http and admin` }];
}

/** Queues of other programs: their runs are not taken away, and a launch is one transaction with them. */
function sharedQueues(document: ConfigDocument): RuleIssue[] {
  const namespace = document.get(["namespace"]);
  return (declaredQueues(document) ?? []).flatMap(name => {
    const queue = ["queues", name];
    const path = [...queue, "prefix"];
    const isConsumed = document.get([...queue, "consume"]) !== false;
    const idle = WORKER_KEYS.filter(key => !isConsumed && document.has([...queue, key]));
    const issues = idle.map((key): RuleIssue => {
      const problem =
        "has no effect beside consume: false, expected no such key: other programs work the queue off";
      return { path: [...queue, key], problem, at: "key" };
    });
    const prefix = document.get(path);
    if (typeof prefix !== "string") return issues;
    if (isConsumed) {
      const problem =
        "found a prefix alone, expected also consume: false: a replica that works a queue off takes every job in it";
      issues.push({ path, problem, at: "key" });
    }
    const [, tag] = HASH_TAG.exec(prefix) ?? [];
    if (document.has(["redis", "cluster"]) && tag !== namespace) {
      const wayOut = tag === undefined ? "" : `, or namespace: ${tag}`;
      const problem = `${found(path, document)}, expected the hash tag {${namespace}} in it${wayOut}: on Redis Cluster a launch and its queue have to be in one hash slot, so the namespace is the hash tag of the queue`;
      issues.push({ path, problem });
    }
    return issues;
  });
}

/** What has no effect in a queue that other programs work off. */
const WORKER_KEYS = ["concurrency", "globalConcurrency", "limiter"];

/** What Redis Cluster takes of a key to find its slot. */
const HASH_TAG = /\{([^}]+)\}/;

function settingsOf(section: Section) {
  const {
    $schema: _,
    handlers: __,
    admin: ___,
    redis = {},
    queues = {},
    ...settings
  } = inMs("shutdownTimeout")(section);
  const { namespace } = settings;
  return { ...settings, redis: redisAddress(redis, namespace), queues: queuesOf(queues, namespace) };
}

function queuesOf(queues: NonNullable<Section["queues"]>, namespace: string) {
  const read = Object.entries(queues).map(([name, { prefix, ...queue }]) => {
    const shared = prefix === undefined ? undefined : { prefix, runPrefix: `${namespace}~` };
    return [name, { ...queue, shared }] as const;
  });
  return Object.fromEntries(read);
}

function isSecure(host: string): boolean {
  return host.startsWith("https://");
}
