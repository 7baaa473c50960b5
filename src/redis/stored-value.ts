import type { z } from "zod";

/** The farthest that a Date can be from the epoch. */
const MAX_INSTANT_MS = 8.64e15;

/** The number that a value in Redis holds; null where it holds none, because another program wrote it. */
export function storedNumber(value: string | null | undefined): number | null {
  return value && /^-?\d{1,300}(\.\d+)?$/.test(value) ? Number(value) : null;
}

/** The instant (epoch ms) that a value in Redis holds, or null. */
export function storedInstant(value: string | null | undefined): number | null {
  const ms = storedNumber(value);
  return ms !== null && Math.abs(ms) <= MAX_INSTANT_MS ? ms : null;
}

/** What JSON in Redis says, or null where it is not of the schema, because another program or a later release wrote it. */
export function storedJson<T>(text: string | null | undefined, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(text ?? ""));
  } catch {
    return null;
  }
}

/** The names and values that a stream's entry, or a hash, holds in turn. */
export function storedPairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length >> 1 }, (_, i) => [flat[2 * i] ?? "", flat[2 * i + 1] ?? ""]);
}
