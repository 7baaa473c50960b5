import { isWithin, LOCK_TTL } from "../clock/timing.ts";
import { parseDuration } from "../config/schemas/duration.ts";
import { BellwetherError } from "../errors.ts";
import { HOUR_MS, SECOND_MS } from "../schedule/time-units.ts";
import type { LockOptions } from "./lock.ts";

const NAME_PATTERN = /^[A-Za-z0-9_.:-]{1,200}$/;
const DEFAULT_WAIT_MS = 30 * SECOND_MS;
const WAIT = { minMs: 0, maxMs: 24 * HOUR_MS };

export interface LockRequest {
  readonly name: string;
  readonly ttlMs: number;
  /** 0: try once. */
  readonly waitMs: number;
}

/** Checks what a caller asked for. Throws BW_LOCK_INVALID with all mistakes together. */
export function parseLockRequest(name: unknown, options: LockOptions): LockRequest {
  const mistakes: string[] = [];
  const ttlMs = millisecondsOf(options?.ttl);
  const waitMs = options?.wait === undefined ? DEFAULT_WAIT_MS : millisecondsOf(options.wait);
  if (typeof name !== "string" || !NAME_PATTERN.test(name)) {
    const expected = "expected 1 to 200 letters, digits, _, ., : or -";
    mistakes.push(`name of the lock: found ${shown(name)}, ${expected}`);
  }
  if (ttlMs === null || !isWithin(LOCK_TTL, ttlMs)) {
    const expected = 'expected a duration from 1s to 1h, like "30s" or 30000';
    mistakes.push(`ttl of lock ${shown(name)}: found ${shown(options?.ttl)}, ${expected}`);
  }
  if (waitMs === null || !isWithin(WAIT, waitMs)) {
    const expected = 'expected a duration up to 24h, like "30s" or 30000, or 0 to try once';
    mistakes.push(`wait of lock ${shown(name)}: found ${shown(options?.wait)}, ${expected}`);
  }
  if (typeof name !== "string" || ttlMs === null || waitMs === null || mistakes.length > 0) {
    throw new BellwetherError("BW_LOCK_INVALID", { mistakes });
  }
  return { name, ttlMs, waitMs };
}

function millisecondsOf(value: unknown): number | null {
  if (typeof value === "string") return parseDuration(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return value === undefined ? "nothing" : String(value);
}
