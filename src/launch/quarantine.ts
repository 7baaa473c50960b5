import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";

const QUARANTINE = new Script(new URL("./quarantine.lua", import.meta.url));

const record = z.object({ sinceMs: z.number(), reason: z.string(), isBooks: z.boolean() });

/** Why a job is not launched for now; `isBooks` when what Redis holds of it cannot be read, else its runs cannot be added. */
export type QuarantineRecord = Readonly<z.infer<typeof record>>;

/** By job. What another program wrote is not a record. */
export async function readQuarantine(
  redis: Redis,
  keys: RedisKeys,
): Promise<ReadonlyMap<string, QuarantineRecord>> {
  const found = Object.entries(await redis.hgetall(keys.quarantine));
  return new Map(
    found.flatMap(([job, json]) => {
      const parsed = record.safeParse(parse(json));
      return parsed.success ? [[job, parsed.data] as const] : [];
    }),
  );
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** Writes the records, or removes those that are null. Ignored when a newer term is in force. */
export async function writeQuarantine(
  redis: Redis,
  keys: RedisKeys,
  fence: string,
  records: ReadonlyMap<string, QuarantineRecord | null>,
): Promise<void> {
  if (records.size === 0) return;
  const args = [...records].flatMap(([job, record]) => [job, record ? JSON.stringify(record) : ""]);
  await QUARANTINE.run(redis, [keys.term, keys.quarantine], [fence, ...args]);
}
