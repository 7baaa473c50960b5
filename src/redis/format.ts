import type { Redis } from "ioredis";
import { z } from "zod";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "./keys.ts";
import { Script } from "./script.ts";

/**
 * The version of the data under `{<namespace>}/` in Redis. It grows with a release whose data an older one would
 * misread. Such a release must go on with the format before it, because both run during a rolling deploy.
 */
export const FORMAT = 1;

const RAISE = new Script(z.unknown(), new URL("./raise-format.lua", import.meta.url));

/** The format of the namespace's data; 1 where it was never raised. */
export async function readFormat(redis: Redis, keys: RedisKeys): Promise<number> {
  return Number((await redis.get(keys.format)) ?? 1);
}

/** Throws BW_FORMAT_NEWER when the data was written by a release that this one does not understand. */
export async function checkFormat(redis: Redis, keys: RedisKeys, known = FORMAT): Promise<void> {
  refuseNewer(await readFormat(redis, keys), known);
}

/** Throws BW_FORMAT_NEWER when data of this format is not understood. */
export function refuseNewer(found: number, known: number): void {
  if (found > known) throw new BellwetherError("BW_FORMAT_NEWER", { found, known });
}

/**
 * Raises the format to what this release writes, when all replicas that are there understand it. From then on an older
 * release refuses to start, and one that is still there stops.
 */
export async function raiseFormat(
  redis: Redis,
  keys: RedisKeys,
  known: number,
  replicas: readonly { readonly format: number }[],
): Promise<void> {
  if (replicas.every(({ format }) => format >= known)) await RAISE.run(redis, [keys.format], [known]);
}
