import { maskUrls } from "../config/mask-url.ts";
import { parseRedisUrl } from "../config/schemas/redis-url.ts";
import { isBellwetherError } from "../errors.ts";
import type { CheckedRedis } from "./checked-redis.ts";
import type { RedisPlace } from "./given-connection.ts";
import { withoutArguments } from "./server-facts.ts";
import { probeServer } from "./server-probe.ts";

const CLOSED = "connection closed";
const NO_REDIS = "what answers there is not Redis";
export const SILENT = "no answer in time";
const TEXT_LIMIT = 1_500;
/** The socket's own words for an end that may have another cause. */
const VAGUE = /^(EPIPE|ECONNRESET)$/;
const VAGUE_TLS = /^(EPIPE|ECONNRESET|ETIMEDOUT|ERR_SSL_.*)$/;

/** Why there is no connection, in one line for people: never a secret of the address, never ioredis's own words. */
export function reasonOf(error: Error | null, address: RedisPlace): string {
  if (error === null) return CLOSED;
  return withoutSecrets(rawReasonOf(error, address.kind), address)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, TEXT_LIMIT);
}

function rawReasonOf(error: Error, kind: RedisPlace["kind"]): string {
  if (isBellwetherError(error)) return error.message;
  if ("code" in error && error.code !== undefined) return String(error.code);
  if (error.message.startsWith("Socket timeout")) return SILENT;
  if (error.message.startsWith("All sentinels are unreachable")) return sentinelReason(error.message);
  if (error.name === "ReplyError") return withAdvice(withoutArguments(error.message), kind);
  if (error.message.startsWith("Unknown RESP type")) return NO_REDIS;
  return CLOSED;
}

/** ioredis puts the last sentinel's error, also its own, behind its words. */
function sentinelReason(message: string): string {
  const last = /Last error: (.*)$/s.exec(message)?.[1] ?? "";
  if (last === "") return "no sentinel names a master: redis.sentinel.name is unknown to them";
  if (last.startsWith("Unknown RESP type")) return `no sentinel answers: ${NO_REDIS}`;
  const isOurs =
    /^(Connection is closed|Stream isn't writeable|Reached the max retries|Command timed out)/.test(last);
  return isOurs
    ? "no sentinel answers"
    : withSentinelAdvice(`no sentinel answers: ${withoutArguments(last)}`);
}

/** A sentinel's users are its own. */
function withSentinelAdvice(sentence: string): string {
  if (/: NOAUTH\b/.test(sentence)) return `${sentence} (set redis.sentinel.password)`;
  if (/: WRONGPASS\b/.test(sentence))
    return `${sentence} (correct redis.sentinel.username or redis.sentinel.password)`;
  if (/: ERR unknown command\b/i.test(sentence))
    return `${sentence} (a server answers there: name its sentinels, or use redis.url)`;
  if (/: ERR No such master\b/.test(sentence)) return `${sentence} (correct redis.sentinel.name)`;
  return sentence;
}

/** What an operator changes, beside what the server says. */
function withAdvice(sentence: string, kind: RedisPlace["kind"]): string {
  const where =
    kind === "given"
      ? "a password in the options of connection"
      : kind === "url"
        ? "a password in redis.url, or redis.password"
        : "redis.password";
  if (/^NOAUTH\b/.test(sentence)) return `${sentence} (set ${where})`;
  if (/^WRONGPASS\b/.test(sentence)) return `${sentence} (correct the user name or the password of redis)`;
  return sentence;
}

/**
 * The same for the newest attempt to connect. When the socket's end gives no reason, the server is asked again without
 * a handshake. A server that refuses a connection gives its reason before it closes it; a handshake that is already on
 * its way loses that reason.
 */
export async function whyNotConnected(
  redis: CheckedRedis,
  lastError: Error | null,
  address: RedisPlace,
): Promise<string> {
  const error = redis.refusal ?? lastError;
  const reason = reasonOf(error, address);
  const isSecure = isTls(address);
  const isVague = redis.refusal === null && (error === null || isVagueError(error, isSecure));
  const place = isVague ? (redis.reached ?? placeOf(address)) : null;
  const found = place === null ? null : await probeServer({ ...place, isTls: isSecure });
  return found === null ? reason : withoutSecrets(found, address);
}

function isVagueError(error: Error, isSecure: boolean): boolean {
  if ("code" in error) return (isSecure ? VAGUE_TLS : VAGUE).test(String(error.code));
  // A server without TLS waits for the rest of a command when it gets the first words of TLS.
  return (
    /^(Unknown RESP type|Connection is closed)/.test(error.message) ||
    (isSecure && error.message.startsWith("Socket timeout"))
  );
}

function placeOf(address: RedisPlace): { host: string; port: number } | null {
  if (address.kind === "given") return address.place;
  if (address.kind !== "url") return null;
  const parsed = parseRedisUrl(address.url);
  return parsed.ok ? { host: parsed.value.host, port: parsed.value.port } : null;
}

function isTls(address: RedisPlace): boolean {
  if (address.kind === "given") return address.isTls;
  return address.kind === "url" ? address.url.startsWith("rediss://") : address.tls !== undefined;
}

/** The text without the address's passwords, from any source. Passwords that are too short occur in texts by chance. */
function withoutSecrets(text: string, address: RedisPlace): string {
  const secrets = secretsOf(address).filter(secret => secret.length >= 4);
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), maskUrls(text));
}

function secretsOf(address: RedisPlace): readonly string[] {
  if (address.kind === "given") return address.secrets;
  if (address.kind === "url") {
    const parsed = parseRedisUrl(address.url);
    return parsed.ok && parsed.value.password !== null ? [parsed.value.password] : [];
  }
  const sentinel = address.kind === "sentinel" ? address.sentinelCredentials?.password : undefined;
  return [address.credentials?.password, sentinel].filter(secret => secret !== undefined);
}
