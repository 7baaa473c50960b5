import { z } from "zod";
import { STORES } from "../../event-map.ts";
import {
  address,
  choice,
  duration,
  etcdHost,
  notEmpty,
  redisUrl,
  section,
  switchable,
  text,
  whole,
} from "./fields.ts";
import {
  calendarSchema,
  defaultsSchema,
  handlerSwitches,
  jobSchema,
  jobsFile,
  QUEUE_NAME,
} from "./job-schema.ts";

const MAX_PORT = 65_535;
export const DEFAULT_CONCURRENCY = 10;

const tlsFiles = {
  ca: text("the path of a certificate")
    .optional()
    .meta({ description: "Path of the CA certificate; the system's CAs without it." }),
  cert: text("the path of a certificate").optional().meta({ description: "Path of the client certificate." }),
  key: text("the path of a key").optional().meta({ description: "Path of the client's key." }),
};

const credentials = {
  username: text("a user name")
    .optional()
    .meta({ description: "The user; Redis's default user without it." }),
  password: text("a password").optional().meta({ description: "The user's password." }),
};

const redisNodes = (defaultPort: number, description: string) =>
  z
    .array(address(defaultPort), { error: "expected a list of host:port" })
    .check(notEmpty("expected a list of host:port"))
    .meta({ description });

const redis = section({
  url: redisUrl().optional().meta({
    description:
      "redis:// or, with TLS, rediss://; without the whole section REDIS_URL or redis://127.0.0.1:6379.",
  }),
  sentinel: section({
    name: text("the name of the master that the sentinels watch").meta({
      description: "The name of the master that the sentinels watch.",
    }),
    nodes: redisNodes(26_379, "The sentinels, as host:port."),
    ...credentials,
  })
    .optional()
    .meta({
      description: "Instead of url: Redis behind Sentinel. User and password are the sentinels' own.",
    }),
  cluster: section({
    nodes: redisNodes(6379, "Some nodes of the cluster, as host:port; the others are found."),
  })
    .optional()
    .meta({ description: "Instead of url: Redis Cluster. The whole namespace lives in one hash slot." }),
  ...credentials,
  tls: section({
    ...tlsFiles,
    serverName: text("a host name").optional().meta({
      description: "The name in the server's certificate, where it is not the address.",
    }),
  })
    .optional()
    .meta({ description: "TLS: PEM files, read anew for each connection. With url it needs rediss://." }),
}).meta({
  description: "The Redis that holds leases, cursors and queues: exactly one of url, sentinel and cluster.",
  oneOf: ["url", "sentinel", "cluster"].map(key => ({ required: [key] })),
});

const etcd = section({
  hosts: z
    .array(etcdHost(), { error: "expected a list of addresses" })
    .check(notEmpty("expected a list of addresses"))
    .meta({ description: "The etcd endpoints: http://host:port or https://host:port." }),
  tls: section(tlsFiles)
    .optional()
    .meta({ description: "Certificates for https:// endpoints: PEM files, read anew for each connection." }),
  username: text("a user name").optional().meta({ description: "The etcd user." }),
  password: text("a password").optional().meta({ description: "The user's password." }),
});

const election = section({
  store: choice(STORES).default("redis").meta({ description: "Where the lease lives." }),
  leaseTtl: duration("1s", "5m").prefault("10s").meta({
    description: "After this time without renewal a frozen or cut-off leader is replaced.",
  }),
  etcd: etcd.optional().meta({ description: "For store: etcd." }),
});

const host = (defaultHost: string) =>
  text("a host name or address").default(defaultHost).meta({ description: "The address to listen on." });

const port = (defaultPort: number) =>
  whole(0, MAX_PORT).default(defaultPort).meta({ description: "The port; 0 takes a free one." });

const token = section({
  name: text("a name for the token").meta({ description: "Who uses the token; shown in logs." }),
  role: choice(["viewer", "operator"]).meta({ description: "A viewer reads, an operator also acts." }),
  token: text("the secret itself, not empty").meta({
    description: "The secret; take it from the environment.",
  }),
});

const admin = section({
  host: host("127.0.0.1"),
  port: port(8081),
  tokens: z
    .array(token, { error: "expected a list of tokens" })
    .default([])
    .meta({ description: "Who may use the API; needed when the host is not the loopback interface." }),
});

export const bellwetherSchema = section({
  $schema: z.string({ error: "expected the address of a JSON Schema" }).optional().meta({
    description: "For editors; ignored.",
  }),
  namespace: text("a name of letters, digits, _ . and -, at most 100 characters", /^[A-Za-z0-9_.-]{1,100}$/)
    .default("bellwether")
    .meta({
      description: "All Redis and etcd keys sit under it. BELLWETHER_NAMESPACE when absent.",
    }),
  redis: redis.optional(),
  election: election.prefault({}).meta({ description: "Who leads." }),
  generation: whole(0, Number.MAX_SAFE_INTEGER).default(0).meta({
    description:
      "Grows with each release of the configuration; once it has led for 10 s, replicas of older ones never lead again. BELLWETHER_GENERATION when absent.",
  }),
  queues: z
    .record(
      QUEUE_NAME,
      section({
        concurrency: whole(1, 10_000).default(DEFAULT_CONCURRENCY).meta({
          description: "How many runs of the queue one replica works on at a time.",
        }),
      }),
      { error: "expected a mapping of queue names" },
    )
    .optional()
    .meta({ description: "The queues by name; when present, jobs can use only these." }),
  handlers: handlerSwitches
    .optional()
    .meta({ description: "Which kinds of handlers jobs may have, besides modules." }),
  http: switchable(section({ host: host("0.0.0.0"), port: port(8080) }))
    .prefault({})
    .meta({ description: "/livez, /readyz and /metrics; false switches it off." }),
  admin: switchable(admin)
    .prefault({})
    .meta({ description: "Checked, and not used by this version: nothing listens there." }),
  log: section({
    level: choice(["debug", "info", "warn", "error"])
      .default("info")
      .meta({ description: "The lowest level that is logged." }),
  })
    .prefault({})
    .meta({ description: "Logging." }),
  shutdownTimeout: duration("0s", "1h").prefault("30s").meta({
    description: "How long running handlers may finish after SIGTERM.",
  }),
}).meta({ title: "Bellwether", description: "Where things are." });

export type Settings = z.output<typeof bellwetherSchema>;

export type ConfigFile = "bellwether" | "jobs";
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (draft 2020-12) of one configuration file, from the same definition that validates it. */
export function configSchema(file: ConfigFile): JsonSchema {
  const schema =
    file === "jobs"
      ? jobsFile({ defaults: defaultsSchema, calendar: calendarSchema, job: jobSchema })
      : bellwetherSchema;
  const generated = z.toJSONSchema(schema, { io: "input", override: keepDefault });
  return allowReferences(generated as JsonSchema) as JsonSchema;
}

/** Zod leaves out the default of what it transforms, as it would be one of the output; ours are as they are written. */
function keepDefault({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: JsonSchema;
}): void {
  const written = z.globalRegistry.get(zodSchema)?.["default"];
  if (written !== undefined) jsonSchema.default = written as NonNullable<JsonSchema["default"]>;
}

const REFERENCE = { type: "string", pattern: String.raw`\$\{` };
/** Besides the type there is something that `${NAME}` as such does not fulfil. */
const CONSTRAINTS = ["pattern", "enum", "const", "format"];

/** Lets every value that is not free text also be a text with a `${NAME}` reference. */
function allowReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowReferences);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [
    key,
    isLiteral(key) ? value : allowReferences(value),
  ]);
  const schema = Object.fromEntries(entries) as Record<string, unknown>;
  const isScalar = ["string", "number", "integer", "boolean"].includes(String(schema["type"]));
  const isConstrained = schema["type"] !== "string" || CONSTRAINTS.some(key => key in schema);
  if (!isScalar || !isConstrained) return schema;
  const { title, description, default: fallback, ...constraints } = schema;
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [constraints, REFERENCE],
  };
}

/** Holds values or names, not schemas. `propertyNames` are keys, where references are not read. */
function isLiteral(key: string): boolean {
  return ["default", "enum", "const", "required", "propertyNames"].includes(key);
}

/** The keys that are known at a path of a file: of a section, not of a mapping with free names. */
export function keysAt(file: ConfigFile, path: readonly (string | number)[]): string[] {
  let nodes: JsonSchema[] = [schemaOf(file)];
  for (const part of path) {
    nodes = nodes.flatMap(node => alternatives(node)).flatMap(node => childOf(node, part));
  }
  return nodes.flatMap(alternatives).flatMap(node => {
    return Object.entries(node.properties ?? {}).flatMap(([key, value]) =>
      typeof value === "object" && value.not === undefined && key !== "$schema" ? [key] : [],
    );
  });
}

const generated = new Map<ConfigFile, JsonSchema>();

function schemaOf(file: ConfigFile): JsonSchema {
  const schema = generated.get(file) ?? configSchema(file);
  generated.set(file, schema);
  return schema;
}

function alternatives(node: JsonSchema): JsonSchema[] {
  return node.anyOf ? (node.anyOf as JsonSchema[]).flatMap(alternatives) : [node];
}

function childOf(node: JsonSchema, part: string | number): JsonSchema[] {
  const { items, properties, additionalProperties } = node;
  const child = typeof part === "number" ? items : (properties?.[part] ?? additionalProperties);
  return typeof child === "object" && !Array.isArray(child) ? [child as JsonSchema] : [];
}
