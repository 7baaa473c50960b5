import { readFile } from "node:fs/promises";
import path from "node:path";
import { AdminServer } from "../../src/admin/admin-server.ts";
import { Cluster } from "../../src/client/cluster.ts";
import { formatIssue, loadConfig } from "../../src/config/load.ts";
import type { EventMap } from "../../src/event-map.ts";
import { test as base } from "./fixtures.ts";

/** The secrets of the tokens that a server has unless a test says otherwise. */
export const TOKENS = { viewer: "secret-of-vera", operator: "secret-of-olga", admin: "secret-of-anna" };

const OPENAPI = path.resolve(import.meta.dirname, "../../config/schema/openapi.json");

const ACCESS = `tokens: [
  { name: vera, role: viewer, token: ${TOKENS.viewer} },
  { name: olga, role: operator, token: ${TOKENS.operator} },
  { name: anna, role: admin, token: ${TOKENS.admin} }]`;

export interface ServeOptions {
  /** What `admin` has beside its port; three tokens by default. */
  readonly admin?: string;
  /** Lines below `jobs:`. */
  readonly jobs?: readonly string[];
  /** Texts by name, in the project's folder; their names in `admin` become their paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** The URL of another Redis than the file's. */
  readonly redis?: string;
}

export interface CallOptions {
  readonly method?: string;
  /** The role whose token is sent; none without it. */
  readonly as?: keyof typeof TOKENS;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: A test looks at what it expects.
  readonly body: any;
  /** Name and value of the cookie that it sets. */
  readonly cookie: string | undefined;
}

/** The HTTP API without a replica: it knows the jobs of its configuration, and its namespace is the test's own. */
export const test = base
  /** Each route of the API, with its parameters filled in. */
  .extend("openApiRoutes", async () => {
    const document = JSON.parse(await readFile(OPENAPI, "utf8"));
    return Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
      ([place, methods]) =>
        Object.entries(methods).map(([method, { operationId: id }]) => ({
          id,
          method: method.toUpperCase(),
          url: place.replace("/api/v1", "").replace("{job}", "report").replace("{run}", "report@x"),
        })),
    );
  })
  .extend(
    "serve",
    ({ server, keys, makeProject, defer }) =>
      async ({
        admin = ACCESS,
        jobs = ["report: { at: ['2100-01-01T00:00:00Z'], command: ['true'] }"],
        files = {},
        redis,
      }: ServeOptions = {}) => {
        const namespace = keys.bullmqPrefix.slice(1, -1);
        const { configDir, dir, write } = await makeProject({ ...files });
        const withPaths = Object.keys(files).reduce(
          (settings, name) => settings.replace(`: ${name}`, `: ${path.join(dir, name)}`),
          admin,
        );
        const texts = {
          "config/bellwether.yaml": [
            `namespace: ${namespace}`,
            `redis: { url: "${redis ?? server.url}" }`,
            `admin: { port: 0, ${withPaths} }`,
          ].join("\n"),
          "config/jobs.yaml": ["jobs:", ...jobs.map(job => `  ${job}`)].join("\n"),
        };
        for (const [file, content] of Object.entries(texts)) await write(file, content);
        const loaded = await loadConfig({ configDir, env: {} });
        if (!loaded.ok) throw new Error(loaded.issues.map(formatIssue).join("\n"));
        const { config } = loaded;
        if (!config.admin) throw new Error("admin is off");
        const cluster = new Cluster({ connection: config, config: () => config, name: "test" });
        const problems: string[] = [];
        const onProblem = (problem: string) => void problems.push(problem);
        const answered: EventMap["api.answered"][] = [];
        const onAnswered = (answer: EventMap["api.answered"]) => void answered.push(answer);
        const listeners = { onProblem, onAnswered };
        const api = new AdminServer({ config: config.admin, namespace, cluster, ...listeners });
        defer(() => api.stop());
        const origin = (await api.start()).replace(/\/$/, "");
        return {
          origin,
          problems,
          answered,
          file: (name: string) => path.join(dir, name),
          stop: () => api.stop(),
          call: (route: string, options: CallOptions = {}) => call(`${origin}/api/v1${route}`, options),
        };
      },
  );

export async function call(url: string, { as, body, ...options }: CallOptions = {}): Promise<Answer> {
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: {
      ...(as !== undefined && { authorization: `Bearer ${TOKENS[as]}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const [cookie] = response.headers.getSetCookie().map(line => line.split(";")[0]);
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== "" ? JSON.parse(text) : text,
    cookie,
  };
}
