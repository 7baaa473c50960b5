import { createHash } from "node:crypto";
import type { Job } from "./config.ts";

/**
 * Twelve hex digits that are equal for two replicas exactly when they carry the same job definitions, whatever
 * the order of files and keys. Where replicas listen or how much they log does not count.
 */
export function hashJobs(jobs: readonly Job[]): string {
  const definitions = jobs
    .map(({ schedule: _, scheduleText: __, ...definition }) => definition)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const text = JSON.stringify(definitions, (_key, value: unknown) => withSortedKeys(value));
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
