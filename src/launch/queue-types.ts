import type { Redis } from "ioredis";
import { z } from "zod";
import { Script } from "../redis/script.ts";

const QUEUE_TYPES = new Script(new URL("./queue-types.lua", import.meta.url));

/** The keys of a queue that BullMQ writes to when it adds a run, with their types. */
const TYPES: Readonly<Record<string, string>> = {
  wait: "list",
  paused: "list",
  prioritized: "zset",
  delayed: "zset",
  marker: "zset",
  meta: "hash",
  events: "stream",
  id: "string",
};

const reply = z.array(z.string());

/** By queue, why BullMQ cannot add runs to it: a key has another type. Queues without such a key are not in the answer. */
export async function findBrokenQueues(
  redis: Redis,
  prefix: string,
  queues: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (queues.length === 0) return new Map();
  const keys = queues.flatMap(queue => Object.keys(TYPES).map(name => ({ queue, name })));
  const found = await QUEUE_TYPES.run(
    redis,
    keys.map(({ queue, name }) => `${prefix}:${queue}:${name}`),
    keys.map(({ name }) => TYPES[name] ?? ""),
  );
  const types = reply.parse(found);
  return new Map(
    keys.flatMap(({ queue, name }, i) => {
      const why = `WRONGTYPE ${prefix}:${queue}:${name} is a ${types[i]}, expected a ${TYPES[name]}`;
      return types[i] ? [[queue, why] as const] : [];
    }),
  );
}
