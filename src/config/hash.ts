import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Job } from "./config.ts";
import { retentionOf } from "./schemas/run-sections.ts";

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

/** A release that did not know these keys yet has the same hash for jobs that do not use them. */
function definitionOf({
  schedule: _,
  scheduleText: __,
  retry,
  priority,
  lifo,
  retention,
  ...definition
}: Job) {
  const { jitter, ...retried } = retry;
  return {
    ...definition,
    retry: jitter === 0 ? retried : retry,
    priority: priority === 0 ? undefined : priority,
    lifo: lifo || undefined,
    retention: isDeepStrictEqual(retention, retentionOf()) ? undefined : retention,
  };
}

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, value: unknown) => withSortedKeys(value));
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
