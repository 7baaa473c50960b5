import { Redis, type RedisOptions } from "ioredis";
import { ANSWER_LIMIT_MS, CONNECT_LIMIT_MS, MAX_RECONNECT_DELAY_MS, mustHold } from "../clock/timing.ts";
import { maskUrl } from "../config/mask-url.ts";
import type { RedisAddress } from "../config/redis-address.ts";
import { parseRedisUrl, type RedisUrl } from "../config/schemas/redis-url.ts";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import { type CheckedRedis, isAway, openChecked } from "./checked-redis.ts";
import { clusterConnector } from "./cluster-connector.ts";
import { AddressConnector, SentinelsConnector } from "./connectors.ts";
import type { RedisPlace } from "./given-connection.ts";
import { SilenceWatch, SilentConnections } from "./silence-watch.ts";
import { tlsOptions } from "./tls.ts";

/** After this time Redis answers BUSY while a script runs, by default. */
const BUSY_MS = 5_000;
/** For how long BullMQ blocks a connection at most. */
const BLOCK_MS = 10_000;
const WORKER_ANSWER_LIMIT_MS = 6_000;
const BLOCKED_ANSWER_LIMIT_MS = 12_000;
mustHold({
  "BullMQ's commands get the answer BUSY before they are given up": BUSY_MS < WORKER_ANSWER_LIMIT_MS,
  "a blocked connection that is well is not given up": BLOCK_MS < BLOCKED_ANSWER_LIMIT_MS,
});
/** A sentinel that accepts connections and says nothing is passed over after this. */
const SENTINEL_LIMIT_MS = 2_000;

/** Also where a program gives the sentinels. */
const SENTINEL_RULES: Omit<RedisOptions, "replyMapping"> = {
  sentinelCommandTimeout: SENTINEL_LIMIT_MS,
  sentinelRetryStrategy: attempt => reconnectDelayMs(attempt, MAX_RECONNECT_DELAY_MS),
};

/** ioredis's answer for "reconnect, and send the refused command to the server that is found". */
const SEND_AGAIN = 2;

/**
 * What a connection is for decides what it may do when it breaks.
 *
 * - `noRetry`: election and launch. Commands fail immediately while it is down and are never sent twice: a MULTI that
 *   is replayed without its WATCH would launch ticks a second time.
 * - `plain`: controls, reads, heartbeats, records. The same: a command that was sent twice would be carried out twice.
 * - `subscriber`: presence and wakeups. Reconnects fast: while it is away, other replicas take this one for dead.
 * - `worker`: BullMQ's workers, which block for seconds and want commands to wait for as long as it takes.
 */
export type Purpose = "noRetry" | "plain" | "subscriber" | "worker";

/**
 * Each command ends in time. While the connection is down it fails immediately, and when the connection breaks it fails
 * then. A server that is silent for ANSWER_LIMIT_MS loses its connection (SilenceWatch). A command that ioredis queues
 * has no such end: it waits as long as a TCP proxy accepts connections to a server that is away, or as no sentinel
 * answers.
 */
const NEVER_TWICE: RedisOptions = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
};

const RULES: Record<Purpose, RedisOptions> = {
  noRetry: NEVER_TWICE,
  plain: NEVER_TWICE,
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: false },
  worker: { maxRetriesPerRequest: null },
};

export interface ConnectOptions {
  /** Reading is all that it is for, so a read-only replica will do. */
  readonly mayBeReplica?: boolean;
  /** How long it may hear nothing and ask nothing before it sends a PING; 2 s by default. */
  readonly pingAfterMs?: number;
  /** Called with the connection, and with those that BullMQ makes from it. */
  readonly onOpened?: (redis: CheckedRedis) => void;
}

/**
 * Opens a connection that is ready only in the database, as the user and in the role that the address names. It never throws
 * for a server that is away: it tries again with growing, jittered delays. Throws BW_REDIS_URL, and BW_CONNECTION_INVALID for what
 * a program gives.
 */
export function connectRedis(
  address: RedisPlace,
  purpose: Purpose,
  name: string,
  { mayBeReplica = false, pingAfterMs, onOpened }: ConnectOptions = {},
): CheckedRedis {
  const options: RedisOptions & { replyMapping: "legacy" } = {
    ...RULES[purpose],
    replyMapping: "legacy",
    reconnectOnError: error => isWrongServer(error) && (purpose === "worker" ? SEND_AGAIN : true),
    connectionName: name,
    connectTimeout: CONNECT_LIMIT_MS,
    retryStrategy: attempt =>
      reconnectDelayMs(attempt, purpose === "subscriber" ? 500 : MAX_RECONNECT_DELAY_MS),
    ...(address.kind === "given" ? SENTINEL_RULES : placeOf(address)),
  };
  const family = new SilentConnections();
  let answerLimitMs = purpose === "worker" ? WORKER_ANSWER_LIMIT_MS : ANSWER_LIMIT_MS;
  return openChecked(options, {
    demand: { mayBeReplica, kind: address.kind },
    create: rules => (address.kind === "given" ? address.create(rules) : new Redis(rules)),
    hasPlainErrors: purpose !== "worker",
    // A read and a write for each run cost Redis a tenth of what the run costs, and both processes their turns.
    gathersWrites: purpose === "worker",
    onOpened: redis => {
      // An "error" event without a listener would end the process; ConnectionWatch reports it once.
      redis.on("error", ignoreConnectionError);
      families.set(redis, family);
      new SilenceWatch(redis, { answerLimitMs, pingAfterMs, isSubscriber: purpose === "subscriber" }, family);
      // BullMQ makes a blocking connection for each queue out of the one that they share.
      answerLimitMs = BLOCKED_ANSWER_LIMIT_MS;
      onOpened?.(redis);
    },
  });
}

const families = new WeakMap<Redis, SilentConnections>();

/** Which of a connection and its duplicates are silent. */
export function silentConnectionsOf(redis: Redis): SilentConnections | null {
  return families.get(redis) ?? null;
}

/** Where the server is and how to get in. Throws BW_TLS_FILE and BW_REDIS_URL. */
function placeOf(address: RedisAddress): Omit<RedisOptions, "replyMapping"> {
  const tls = address.tls ? tlsOptions(address.tls) : null;
  if (address.kind === "url") {
    const { host, port, db, family, username, password, isTls } = urlOf(address.url);
    return {
      Connector: AddressConnector,
      host,
      port,
      db,
      family,
      ...(username !== null && { username }),
      ...(password !== null && { password }),
      ...((tls ?? isTls) && { tls: tls ?? {} }),
    };
  }
  const credentials = { ...address.credentials };
  if (address.kind === "cluster") {
    const { nodes, tag } = address;
    // The connector makes the sockets; `tls` only says what kind they are.
    return {
      ...credentials,
      Connector: clusterConnector({ nodes, tag, tls, credentials }),
      ...(tls && { tls }),
    };
  }
  const { username, password } = address.sentinelCredentials ?? {};
  return {
    ...credentials,
    Connector: SentinelsConnector,
    name: address.name,
    sentinels: [...address.nodes],
    ...SENTINEL_RULES,
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/** ioredis would take any of its own options from a URL, and the digits of `/0x1` for a database. */
function urlOf(text: string): RedisUrl {
  const parsed = parseRedisUrl(text);
  if (!parsed.ok)
    throw new BellwetherError("BW_REDIS_URL", { address: maskUrl(text), problem: parsed.problem });
  return parsed.value;
}

/**
 * A server that was demoted keeps its connections and refuses every write. Only a new connection can find its
 * successor, behind the same name, address or sentinel. The refused command is not sent again, except a worker's.
 * BullMQ takes the refusal of a run's end for the run's failure, and a single command that was refused can safely be
 * repeated.
 */
function isWrongServer(error: Error): boolean {
  return /^(READONLY|MASTERDOWN|LOADING|MOVED|CLUSTERDOWN)\b/.test(error.message);
}

/** True when a command got no answer because there is no connection (any more); whether it was carried out is unknown. */
export function isConnectionLoss(error: unknown): boolean {
  return (
    isBellwetherError(error, "BW_REDIS_AWAY") ||
    isBellwetherError(error, "BW_REDIS_NO_ANSWER") ||
    isBellwetherError(error, "BW_CONNECTION_CHANGED") ||
    isAway(error)
  );
}

function ignoreConnectionError(): void {
  return;
}

/** 50 ms, doubling to the limit, each shortened by up to half at random so that replicas do not come back in step. */
function reconnectDelayMs(attempt: number, limitMs: number): number {
  const delayMs = Math.min(50 * 2 ** Math.min(attempt - 1, 10), limitMs);
  return Math.round(delayMs * (1 - Math.random() / 2));
}

/** The address without its secrets, for people. */
export function describeAddress(address: RedisPlace): string {
  if (address.kind === "given") return address.describe();
  if (address.kind === "url") return maskUrl(address.url);
  const nodes = address.nodes.map(node => `${node.host}:${node.port}`).join(", ");
  return address.kind === "sentinel" ? `sentinel ${address.name} (${nodes})` : `cluster (${nodes})`;
}
