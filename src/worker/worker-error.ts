import { messageOf } from "../errors.ts";
import { isAway, isRefusal } from "../redis/checked-redis.ts";

const SOCKET_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);
const CONNECTION_TEXT =
  /^(connect ETIMEDOUT|Socket closed|Socket timeout|Command timed out|All sentinels are unreachable|Unknown RESP type)/i;
const NOT_ACTIVE = /^Job (.+) is not in the active state\./;
const LOST_TEXTS = [
  /^could not renew lock for job (.+)$/,
  /^(?:Missing lock|Missing key|Lock mismatch) for job (.+)\. \S/,
  NOT_ACTIVE,
];
const TEXT_LIMIT = 300;
const REPEAT_MS = 60_000;

/** True for what the replica reports once, for all of its connections, as `redis.unreachable`. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (code === "BW_REDIS_AWAY" || code === "BW_REDIS_NO_ANSWER" || isRefusal(error)) return true;
  return SOCKET_CODES.has(code) || isAway(error) || CONNECTION_TEXT.test(error.message);
}

/**
 * The run that BullMQ could not write to because its lock, or the run itself, no longer exists; null for other errors.
 */
export function lostRunOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  return LOST_TEXTS.map(text => text.exec(error.message)?.[1]).find(run => run !== undefined) ?? null;
}

/** BullMQ's answer to a worker whose run is in another list by now. */
export function isNoLongerActive(error: unknown): boolean {
  return error instanceof Error && NOT_ACTIVE.test(error.message);
}

/**
 * The text of an error without the arguments of the command that it is about. ioredis attaches them to the error, and
 * Redis quotes them in "unknown command"; those of AUTH are a password.
 */
export function safeText(error: unknown): string {
  const text = messageOf(error);
  return text.replace(/,? with args.*$/s, "").slice(0, TEXT_LIMIT);
}

/**
 * Lets a text through once a minute. After an error that is not the connection's (a replica that became read-only, no
 * memory left) BullMQ goes on asking. Each try of each queue would be a line.
 */
export class RepeatFilter {
  readonly #toldAt = new Map<string, number>();

  isNew(text: string, nowMs: number): boolean {
    for (const [known, toldAtMs] of this.#toldAt) {
      if (nowMs - toldAtMs >= REPEAT_MS) this.#toldAt.delete(known);
    }
    if (this.#toldAt.has(text)) return false;
    this.#toldAt.set(text, nowMs);
    return true;
  }
}
