import { z } from "zod";
import { STORES } from "../../event-map.ts";
import { admin, host, port } from "./admin-schema.ts";
import {
  address,
  choice,
  duration,
  etcdHost,
  inMs,
  notEmpty,
  redisUrl,
  section,
  switchable,
  text,
  whole,
} from "./fields.ts";
import { history } from "./history-schema.ts";
import { handlerSwitches, QUEUE_NAME } from "./job-schema.ts";

/** BullMQ puts a colon between its prefix and the name of the queue. */
const QUEUE_PREFIX = /^[A-Za-z0-9_.:{}-]{0,99}[A-Za-z0-9_.{}-]$/;
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
}).transform(({ tls = {}, username, password, ...etcd }) => ({
  ...etcd,
  /** Null without TLS. */
  tls: etcd.hosts.some(host => host.startsWith("https://")) ? tls : null,
  credentials: username !== undefined && password !== undefined ? { username, password } : null,
}));

const election = section({
  store: choice(STORES).default("redis").meta({ description: "Where the lease lives." }),
  leaseTtl: duration("1s", "5m").prefault("10s").meta({
    description: "After this time without renewal a frozen or cut-off leader is replaced.",
  }),
  etcd: etcd.optional().meta({ description: "For store: etcd." }),
})
  .transform(inMs("leaseTtl"))
  .transform(({ store, etcd, ...common }) => {
    if (store !== "etcd") return { ...common, store };
    // Etcd without hosts is a mistake that settings.ts reports.
    return etcd ? { ...common, store, etcd } : { ...common, store: "redis" as const };
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
        globalConcurrency: whole(0, 100_000).optional().meta({
          description:
            "How many runs of the queue all replicas together work on at a time; 0 lifts a limit that was set before.",
        }),
        limiter: section({
          max: whole(1, 1_000_000).meta({
            description: "How many runs all replicas together start within the duration.",
          }),
          duration: duration("1ms", "1d").meta({ description: "The time in which max runs may be started." }),
        })
          .transform(inMs("duration"))
          .optional()
          .meta({ description: "BullMQ's rate limit of the queue." }),
        prefix: text("a prefix of letters, digits, _ . : { } and -, at most 100 characters", QUEUE_PREFIX)
          .optional()
          .meta({
            description:
              "For a queue of another program: BullMQ's prefix there (BullMQ's own default is bull). Needs consume: false.",
          }),
        consume: z.boolean({ error: "expected true or false" }).default(true).meta({
          description:
            "Whether replicas work the queue off; with false other programs do, and its jobs have no handler.",
        }),
      }),
      { error: "expected a mapping of queue names" },
    )
    .optional()
    .meta({ description: "The queues by name; when present, jobs can use only these." }),
  handlers: handlerSwitches
    .optional()
    .meta({ description: "Which kinds of handlers jobs may have, besides modules." }),
  history: history.prefault({}).meta({ description: "How much is kept of what became of ticks and runs." }),
  http: switchable(section({ host: host("0.0.0.0"), port: port(8080) }))
    .prefault({})
    .meta({ description: "/livez, /readyz and /metrics; false switches it off." }),
  admin: switchable(admin).optional().meta({
    description:
      "The HTTP API and the dashboard; off when absent or false. `bellwether dev` has it on when absent.",
  }),
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

/** Settings that a running replica keeps from its start. */
export const FIXED_SETTINGS = ["namespace", "redis", "election", "http", "admin"] as const;
