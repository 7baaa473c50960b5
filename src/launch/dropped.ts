import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedJson } from "../redis/stored-value.ts";

const reply = z.enum(["noted", "late", "names"]);
const NOTE = new Script(reply, new URL("./dropped.lua", import.meta.url));
const record = z.object({ opening: z.string(), jobs: z.array(z.string()).default([]) });

interface Opening {
  /** Its id. */
  readonly opening: string;
  /** The jobs that the leader carries. */
  readonly jobs: readonly { readonly name: string }[];
  /** How many of them are certain to have a definition. */
  readonly defined: number;
}

/**
 * Notes which jobs have a definition although the leader, which has just opened its term, does not carry them: they were
 * removed, and their definitions are kept for a day.
 */
export async function noteDropped(redis: Redis, keys: RedisKeys, opened: Opening): Promise<void> {
  const { opening, jobs, defined } = opened;
  const note = async (text: string) => {
    const about = [keys.opening, keys.definitions, keys.dropped];
    return await NOTE.run(redis, about, [opening, defined, text]);
  };
  if ((await note("")) !== "names") return;
  const carried = new Set(jobs.map(({ name }) => name));
  const dropped = (await redis.hkeys(keys.definitions)).filter(job => !carried.has(job));
  await note(JSON.stringify({ opening, jobs: dropped }));
}

/** The jobs that the newest leader did not carry. None while that is not known, as with a leader of an older release. */
export async function readDropped(redis: Redis, keys: RedisKeys): Promise<ReadonlySet<string>> {
  const [text, opening] = await redis.mget(keys.dropped, keys.opening);
  const found = storedJson(text, record);
  return new Set(found?.opening === opening ? found?.jobs : []);
}
