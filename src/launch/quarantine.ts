import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedJson } from "../redis/stored-value.ts";

const QUARANTINE = new Script(z.unknown(), new URL("./quarantine.lua", import.meta.url));

/** Why a job is not launched for now. */
export interface QuarantineRecord {
  readonly sinceMs: number;
  readonly reason: string;
  /** What Redis holds of the job cannot be read; else its runs cannot be added. */
  readonly isCorrupt: boolean;
}

/** As all releases write it. */
const storedRecord = z
  .object({ sinceMs: z.number(), reason: z.string(), isBooks: z.boolean() })
  .transform(({ isBooks: isCorrupt, ...record }): QuarantineRecord => ({ ...record, isCorrupt }));

function toStored({ sinceMs, reason, isCorrupt }: QuarantineRecord): z.input<typeof storedRecord> {
  return { sinceMs, reason, isBooks: isCorrupt };
}

/** By job. What another program wrote is not a record. */
export async function readQuarantine(
  redis: Redis,
  keys: RedisKeys,
): Promise<ReadonlyMap<string, QuarantineRecord>> {
  const found = Object.entries(await redis.hgetall(keys.quarantine));
  return new Map(
    found.flatMap(([job, json]) => {
      const record = storedJson(json, storedRecord);
      return record ? [[job, record] as const] : [];
    }),
  );
}

/** Writes the records, or removes those that are null. Ignored when a newer term is in force. */
export async function writeQuarantine(
  redis: Redis,
  keys: RedisKeys,
  fence: string,
  records: ReadonlyMap<string, QuarantineRecord | null>,
): Promise<void> {
  if (records.size === 0) return;
  const args = [...records].flatMap(([job, record]) => [job, record ? JSON.stringify(toStored(record)) : ""]);
  await QUARANTINE.run(redis, [keys.term, keys.quarantine], [fence, ...args]);
}
