import { tellTermReason } from "../reasons.ts";
import type { Beginning } from "./lease-store.ts";

const LAST_INSTANT_MS = 8.64e15;

/** What `leader.elected` and `leader.observed` say of how a term began: the same on every replica. */
export function tellBeginning({ reason, previous, cause, vacantMs }: Beginning, sinceMs: number) {
  return { ...tellTermReason(reason), previous, ...cause, vacantMs, at: tellInstant(sinceMs) };
}

/** The store's time as ISO 8601. What another program wrote into the record must not throw. */
export function tellInstant(epochMs: number): string {
  return new Date(Math.min(Math.max(epochMs, 0), LAST_INSTANT_MS)).toISOString();
}
