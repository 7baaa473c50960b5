import { BellwetherError } from "../errors.ts";
import type { RedisPlace } from "./given-connection.ts";
import { storedPairs } from "./stored-value.ts";

/** What a connection must be before a command of ours is sent on it. */
export interface ConnectionDemand {
  /** The database that the configuration names. */
  readonly db: number;
  /** The user that the configuration names. */
  readonly username: string;
  /** Reading is all that it is for, so a read-only replica will do. */
  readonly mayBeReplica: boolean;
  /** How the server was found. */
  readonly kind: RedisPlace["kind"];
}

/** What to do about a read-only replica. */
const REPLICA_ADVICE: Readonly<Record<ConnectionDemand["kind"], string>> = {
  url: "name the primary, or use redis.sentinel or redis.cluster",
  given: "let connection lead to the primary",
  sentinel: "the sentinels are asked again until they name a primary: look whether a failover is under way",
  cluster: "the nodes are asked again until they name a primary: look whether a failover is under way",
};

/** What a server answered to the questions of a new connection: text, or its refusal. */
export interface ServerAnswers {
  /** To SELECT; null where database 0 is wanted, which no connection has to select. */
  readonly select: unknown;
  /** To HELLO without arguments: a flat list of names and values. */
  readonly hello: unknown;
  readonly info: unknown;
  readonly clientInfo: unknown;
}

/** A problem that does not stop Bellwether but may cost runs, and what to do. */
export interface ServerWarning {
  readonly problem: string;
  readonly advice: string;
}

export interface ServerFacts {
  /** What INFO says; empty where it is refused. */
  readonly info: Readonly<Record<string, string>>;
  /** Null where the server does not tell. */
  readonly version: string | null;
  readonly role: "master" | "slave" | null;
  /** What could not be checked. */
  readonly unchecked: readonly ServerWarning[];
}

/**
 * Reads the answers. Throws BW_REDIS_REFUSED when the connection is not what is wanted, and the server's own error when
 * it refuses every client (LOADING, NOAUTH). INFO and CLIENT INFO may be refused to this user: then what they would
 * show is not checked, and SELECT's own answer decides for the database.
 */
export function readAnswers(answers: ServerAnswers, demand: ConnectionDemand): ServerFacts {
  const { select, hello, info, clientInfo } = answers;
  if (select instanceof Error) throw notSelected(demand.db, select);
  const unchecked: ServerWarning[] = [];
  const infoFields = info instanceof Error ? {} : parseInfo(String(info));
  if (info instanceof Error) unchecked.push(infoRefused(passing(info)));
  const helloFields = helloOf(hello);
  if ((infoFields["redis_mode"] ?? helloFields["mode"]) === "sentinel")
    throw refused("a Sentinel answers there, and no server", "name it in redis.sentinel.nodes, without url");
  if (infoFields["loading"] === "1" && infoFields["async_loading"] !== "1")
    throw refused("LOADING Redis is loading its data", "it is used when that is done");
  const client = clientInfo instanceof Error ? null : clientFields(String(clientInfo));
  if (clientInfo instanceof Error) passing(clientInfo);
  if (client?.["db"] === undefined || client["user"] === undefined)
    unchecked.push(clientInfoRefused(clientInfo instanceof Error ? clientInfo.message : "it names none"));
  if (client?.["db"] !== undefined && client["db"] !== String(demand.db)) {
    throw refused(
      `the connection has database ${client["db"]}, and the configuration names ${demand.db}`,
      "look what stands between here and Redis: a proxy must keep the database of a connection",
    );
  }
  if (client?.["user"] !== undefined && client["user"] !== demand.username) {
    throw refused(
      `the connection has the user ${client["user"]}, and the configuration names ${demand.username}`,
      "look what stands between here and Redis: a proxy must keep the user of a connection",
    );
  }
  const role = roleOf(infoFields["role"] ?? helloFields["role"]);
  const version = infoFields["redis_version"] ?? helloFields["version"] ?? null;
  return { info: infoFields, version, role, unchecked };
}

/** Of a read-only replica, unless one will do. */
export function replicaProblem(
  { role, info }: ServerFacts,
  { mayBeReplica, kind }: ConnectionDemand,
): BellwetherError | null {
  if (role !== "slave" || mayBeReplica) return null;
  const primary =
    info["master_host"] === undefined ? "" : ` of ${info["master_host"]}:${info["master_port"]}`;
  return refused(`READONLY this server is a replica${primary}, and takes no writes`, REPLICA_ADVICE[kind]);
}

function refused(problem: string, advice: string): BellwetherError<"BW_REDIS_REFUSED"> {
  return new BellwetherError("BW_REDIS_REFUSED", { problem, advice });
}

function notSelected(db: number, error: Error): Error {
  const message = withoutArguments(error.message);
  const problem = `database ${db} cannot be used: ${message}`;
  if (/out of range/i.test(message))
    return refused(
      problem,
      "the server has fewer databases (its `databases`): name one that it has in redis.url",
    );
  if (/cluster mode/i.test(message))
    return refused(
      problem,
      "a cluster has database 0 only: use redis.cluster, and a namespace for each application",
    );
  if (message.startsWith("NOPERM"))
    return refused(problem, "allow SELECT to this user (+select), or name database 0");
  return refused(problem, "name a database in redis.url that can be selected");
}

/** The message of an error that concerns one command; throws an error that concerns the whole connection. */
function passing(error: Error): string {
  if (/^(NOPERM|ERR)\b/.test(error.message)) return withoutArguments(error.message);
  throw error;
}

/** Redis quotes the arguments of an unknown command; those of AUTH are a password. */
export function withoutArguments(text: string): string {
  return text.replace(/,? with args.*$/s, "");
}

function infoRefused(why: string): ServerWarning {
  const problem = `INFO is refused (${why}), so settings are not checked`;
  return { problem, advice: "allow INFO to this user" };
}

function clientInfoRefused(why: string): ServerWarning {
  const refusal = `CLIENT INFO is refused (${withoutArguments(why)})`;
  const problem = `${refusal}, so the user and the database of connections are not checked`;
  return { problem, advice: "allow CLIENT INFO to this user (+client|info)" };
}

export function parseInfo(text: string): Record<string, string> {
  return fieldsOf(text.split(/\r?\n/), ":");
}

/** Of `id=3 addr=… db=0 user=default …`. A name that a client gives itself holds no blanks. */
function clientFields(line: string): Record<string, string> {
  return fieldsOf(line.trim().split(" "), "=");
}

function fieldsOf(parts: readonly string[], separator: string): Record<string, string> {
  const fields = parts.map(part => [part.indexOf(separator), part] as const).filter(([at]) => at >= 0);
  return Object.fromEntries(fields.map(([at, part]) => [part.slice(0, at), part.slice(at + 1)]));
}

function helloOf(hello: unknown): Record<string, string> {
  // A map for a client of RESP3.
  const flat = hello instanceof Map ? [...hello].flat() : Array.isArray(hello) ? hello : [];
  return Object.fromEntries(storedPairs(flat.map(String)));
}

function roleOf(role: string | undefined): ServerFacts["role"] {
  if (role === "slave" || role === "replica") return "slave";
  return role === "master" ? "master" : null;
}
