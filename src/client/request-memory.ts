import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import { REQUEST_KEPT_MS } from "../launch/requests.ts";
import type { RedisKeys } from "../redis/keys.ts";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Names of 100,000 jobs, and what became of 10,000 of them, are a fifth of this when they are packed. */
const PACKED_LIMIT = 1024 * 1024;
/** Of what is unpacked: Redis may hold what another program wrote. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/** A text as Redis keeps it for a request that is sent again; null where it is too large to be kept. */
export async function packed(text: string): Promise<string | null> {
  const stored = (await deflate(text)).toString("base64");
  return stored.length > PACKED_LIMIT ? null : stored;
}

export async function unpacked(stored: string): Promise<string> {
  return (await inflate(Buffer.from(stored, "base64"), { maxOutputLength: LIMIT_BYTES })).toString();
}

export interface BulkRequest {
  readonly requestId: string;
  /** What the jobs were found by. */
  readonly target: string;
  /** The jobs that it finds now; they count where nothing is remembered. */
  readonly found: readonly string[];
}

/**
 * The names that a request was meant for when it was sent first: what is evaluated again may find other jobs.
 *
 * @throws BellwetherError BW_REQUEST_REUSED when jobs were found by something else then
 */
export async function firstNames(
  redis: Redis,
  keys: RedisKeys,
  { requestId: id, target, found }: BulkRequest,
): Promise<readonly string[]> {
  const key = keys.idempotency(digestOf(`names of ${id}`));
  const own = await packed([target, ...found].join("\n"));
  if (own === null) return found;
  await redis.set(key, own, "PX", REQUEST_KEPT_MS, "NX");
  const stored = await redis.get(key);
  if (stored === null) return found;
  const [before = "", ...names] = (await unpacked(stored)).split("\n");
  if (before !== target) throw new BellwetherError("BW_REQUEST_REUSED", { id, before, now: target });
  return names;
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
