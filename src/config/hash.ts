import { createHash } from "node:crypto";
import type { Job } from "./config.ts";

/**
 * Twelve hex digits that are equal for two replicas exactly when they carry the same job definitions, whatever
 * the order of files and keys. Where replicas listen or how much they log does not count.
 */
export function hashJobs(jobs: readonly Job[]): string {
  const text = canonicalText(jobs.map(definitionOf).sort((a, b) => (a.name < b.name ? -1 : 1)));
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Whether two jobs of one name have the same definition, as the hash sees it. */
export function isSameJob(one: Job, other: Job): boolean {
  return one === other || canonicalText(definitionOf(one)) === canonicalText(definitionOf(other));
}

function definitionOf({ schedule: _, scheduleText: __, ...definition }: Job) {
  return definition;
}

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, value: unknown) => withSortedKeys(value));
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
