import type { z } from "zod";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { requireOne } from "./key-conflicts.ts";
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
  const issues = [...document.issues, ...(checked.ok ? [] : checked.issues), ...rules(document)];
  if (!checked.ok || issues.length > 0) return { ok: false, issues };
  return { ok: true, value: settingsOf(checked.value) };
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

/** Rules between keys, on the raw values: they speak up also when something else is wrong. */
function* rules(document: ConfigDocument): Generator<ConfigIssue> {
  yield* requireOne(document, ["redis"], ["url", "sentinel", "cluster"], "found none of them");
  yield* redisAccess(document);
  yield* etcdHosts(document);
  yield* etcdTls(document);
  yield* together(document, ["election", "etcd"], "username", "password");
  yield* accessOffLoopback(document);
  yield* differentTokens(document);
  yield* differentPorts(document);
  yield* sharedQueues(document);
}

function* redisAccess(document: ConfigDocument): Generator<ConfigIssue> {
  yield* together(document, ["redis", "tls"], "cert", "key");
  yield* needsPassword(document, ["redis"]);
  yield* needsPassword(document, ["redis", "sentinel"]);
  const url = document.get(["redis", "url"]);
  if (typeof url !== "string") return;
  for (const key of ["username", "password"]) {
    const problem = "stands beside url, expected it within the address: redis://user:password@host";
    if (document.has(["redis", key])) yield* document.issueAt(["redis", key], problem, "key");
  }
  const tls = ["redis", "tls"];
  if (document.has(tls) && !url.startsWith("rediss://")) {
    yield* document.issueAt(tls, "found TLS settings, expected rediss:// in redis.url", "key");
  }
}

function needsPassword(document: ConfigDocument, path: Path): ConfigIssue[] {
  const username = [...path, "username"];
  if (!document.has(username) || document.has([...path, "password"])) return [];
  return document.issueAt(username, "stands alone, expected also password", "key");
}

function etcdHosts(document: ConfigDocument): ConfigIssue[] {
  const path = ["election", "etcd", "hosts"];
  const store = ["election", "store"];
  if (document.get(store) === "etcd" && !document.has(path)) {
    const problem = "found etcd, expected also election.etcd.hosts, like [http://127.0.0.1:2379]";
    return document.issueAt(store, problem);
  }
  const hosts = textsAt(document, path);
  if (!hosts.some(isSecure) || hosts.every(isSecure)) return [];
  return document.issueAt(path, "found both http:// and https://, expected all hosts to be the same");
}

function etcdTls(document: ConfigDocument): ConfigIssue[] {
  const path = ["election", "etcd", "tls"];
  if (!isMapping(document.get(path))) return [];
  const hosts = textsAt(document, ["election", "etcd", "hosts"]);
  if (hosts.length === 0 || hosts.some(isSecure)) return together(document, path, "cert", "key");
  return document.issueAt(path, "found certificates, expected https:// in election.etcd.hosts", "key");
}

function together(document: ConfigDocument, path: Path, one: string, other: string): ConfigIssue[] {
  const [missing] = [one, other].filter(key => !document.has([...path, key]));
  const present = [one, other].find(key => document.has([...path, key]));
  if (missing === undefined || present === undefined) return [];
  return document.issueAt([...path, present], `stands alone, expected also ${missing}`, "key");
}

function textsAt(document: ConfigDocument, path: Path): string[] {
  const values = document.get(path);
  return Array.isArray(values) ? values.filter(value => typeof value === "string") : [];
}

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Every client that reaches the admin API can act on the cluster. */
function accessOffLoopback(document: ConfigDocument): ConfigIssue[] {
  const path = ["admin", "host"];
  const host = document.get(path);
  const tokens = document.get(["admin", "tokens"]);
  const hasTokens = tokens !== undefined && !(Array.isArray(tokens) && tokens.length === 0);
  const hasAccess = hasTokens || document.has(["admin", "tokenFile"]) || document.has(["admin", "proxy"]);
  if (typeof host !== "string" || LOOPBACK.test(host) || hasAccess) return [];
  const expected = "expected 127.0.0.1, or who may use it: admin.tokens, admin.tokenFile or admin.proxy";
  return document.issueAt(path, `${found(path, document)}, ${expected}`);
}

/** The same secret twice would have two names and perhaps two roles. */
function differentTokens(document: ConfigDocument): ConfigIssue[] {
  const tokens = document.get(["admin", "tokens"]);
  if (!Array.isArray(tokens)) return [];
  return ["name", "token"].flatMap(key => {
    const values = tokens.map(token => (isMapping(token) ? token[key] : undefined));
    return values.flatMap((value, index) => {
      const first = values.indexOf(value);
      if (typeof value !== "string" || first === index) return [];
      return document.issueAt(["admin", "tokens", index, key], `is the same as in admin.tokens[${first}]`);
    });
  });
}

const EVERY_ADDRESS: readonly unknown[] = ["0.0.0.0", "::"];

function differentPorts(document: ConfigDocument): ConfigIssue[] {
  if (document.get(["http"]) === false || !isMapping(document.get(["admin"]))) return [];
  const port = document.get(["admin", "port"]) ?? 8081;
  const host = document.get(["admin", "host"]) ?? "127.0.0.1";
  const httpHost = document.get(["http", "host"]) ?? "0.0.0.0";
  const isShared = host === httpHost || [host, httpHost].some(name => EVERY_ADDRESS.includes(name));
  if (port === 0 || !isShared || port !== (document.get(["http", "port"]) ?? 8080)) return [];
  const path = document.has(["admin", "port"]) ? ["admin", "port"] : ["http", "port"];
  return document.issueAt(path, `${found(path, document)}, expected different ports for http and admin`);
}

/** Queues of other programs: their runs are not taken away, and a launch is one transaction with them. */
function* sharedQueues(document: ConfigDocument): Generator<ConfigIssue> {
  const namespace = document.get(["namespace"]);
  for (const name of declaredQueues(document) ?? []) {
    const queue = ["queues", name];
    const path = [...queue, "prefix"];
    const isConsumed = document.get([...queue, "consume"]) !== false;
    for (const key of isConsumed ? [] : WORKER_KEYS) {
      const problem =
        "has no effect beside consume: false, expected no such key: other programs work the queue off";
      if (document.has([...queue, key])) yield* document.issueAt([...queue, key], problem, "key");
    }
    const prefix = document.get(path);
    if (typeof prefix !== "string") continue;
    if (isConsumed) {
      const problem =
        "found a prefix alone, expected also consume: false: a replica that works a queue off takes every job in it";
      yield* document.issueAt(path, problem, "key");
    }
    const [, tag] = HASH_TAG.exec(prefix) ?? [];
    if (document.has(["redis", "cluster"]) && tag !== namespace) {
      const wayOut = tag === undefined ? "" : `, or namespace: ${tag}`;
      const problem = `${found(path, document)}, expected the hash tag {${namespace}} in it${wayOut}: on Redis Cluster a launch and its queue have to be in one hash slot, so the namespace is the hash tag of the queue`;
      yield* document.issueAt(path, problem);
    }
  }
}

/** What has no effect in a queue that other programs work off. */
const WORKER_KEYS = ["concurrency", "globalConcurrency", "limiter"];

/** What Redis Cluster takes of a key to find its slot: what the first bracket holds. */
const HASH_TAG = /^[^{]*\{([^}]+)\}/;

function settingsOf(section: Section) {
  const {
    $schema: _,
    handlers: __,
    admin,
    redis = {},
    queues = {},
    ...settings
  } = inMs("shutdownTimeout")(section);
  const { namespace } = settings;
  return {
    ...settings,
    /** Null where nothing is said about it. */
    admin: admin ?? null,
    redis: redisAddress(redis, namespace),
    queues: queuesOf(queues, namespace),
  };
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
