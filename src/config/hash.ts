import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { AlikeTexts } from "./alike-texts.ts";
import type { Job } from "./config.ts";
import { retentionOf } from "./schemas/run-sections.ts";

/**
 * Twelve hex digits that are equal for two replicas exactly when they carry the same job definitions, whatever
 * the order of files and keys. Where replicas listen or how much they log does not count.
 */
export function hashJobs(jobs: readonly Job[]): string {
  const known = hashes.get(jobs);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  let text = "[";
  for (const job of jobs.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (text !== "[") text += ",";
    text += definitionText(job);
    if (text.length < CHUNK) continue;
    hash.update(text);
    text = "";
  }
  const digest = hash.update(`${text}]`).digest("hex").slice(0, 12);
  hashes.set(jobs, digest);
  return digest;
}

/** Of lists that do not change any more: a leader asks again when it opens its term. */
const hashes = new WeakMap<readonly Job[], string>();

/** What `hashJobs` is to answer for the list. */
export function rememberHash(jobs: readonly Job[], known: string): void {
  hashes.set(jobs, known);
}

/** Hashed at a time, in characters. */
const CHUNK = 64 * 1024;

/** Whether two jobs of one name have the same definition, as the hash sees it. */
export function isSameJob(one: Job, other: Job): boolean {
  return one === other || definitionText(one) === definitionText(other);
}

/** The definition as JSON with sorted keys. A release that did not know a key has the same for jobs that do not use it. */
export function definitionText(job: Job): string {
  const known = texts?.get(job);
  if (known !== undefined) return known;
  const text = textLikeOthers(job) ?? textOfJob(job);
  texts?.set(job, text);
  return text;
}

let texts: WeakMap<Job, string> | null = null;

/** For a thread that asks twice for the text of each job, and ends soon: the texts take as much memory as the jobs. */
export function rememberTexts(): void {
  texts = new WeakMap();
}

const alikeTexts = new AlikeTexts(textOfJob, 3);

/** Put together from what it has in common with others; null where that is not possible. */
function textLikeOthers(job: Job): string | null {
  const alike = alikeTexts.of(job);
  if (alike === null) return null;
  const [first, second, third, fourth] = alike.pieces;
  const [nameText, seedText] = [JSON.stringify(job.name), JSON.stringify(job.spec.seed)];
  return `${first}${canonicalText(job.data)}${second}${nameText}${third}${seedText}${fourth}`;
}

function textOfJob(job: Job): string {
  let text = "{";
  for (const key of keysOf(job)) {
    const value = textOf(job, key as keyof Job);
    if (value !== undefined) text += `${text === "{" ? "" : ","}${JSON.stringify(key)}:${value}`;
  }
  return `${text}}`;
}

function textOf(job: Job, key: keyof Job): string | undefined {
  switch (key) {
    // They follow from the rest.
    case "schedule":
    case "scheduleText":
      return undefined;
    case "retry":
      return retryText(job.retry);
    case "retention":
      return retentionText(job.retention);
    case "handler":
      return job.handler === null ? "null" : sharedText(job.handler);
    case "priority":
      return job.priority === 0 ? undefined : String(job.priority);
    case "lifo":
      return job.lifo ? "true" : undefined;
    default:
      return job[key] === undefined ? undefined : canonicalText(job[key]);
  }
}

const retryText = remembered<Job["retry"]>(retry => {
  const { jitter, ...retried } = retry;
  return canonicalText(jitter === 0 ? retried : retry);
});
const retentionText = remembered<Job["retention"]>(retention =>
  isDeepStrictEqual(retention, retentionOf()) ? undefined : canonicalText(retention),
);
const sharedText = remembered<object>(canonicalText);

/** For what many jobs share. */
function remembered<T extends object>(make: (value: T) => string | undefined) {
  const texts = new WeakMap<T, string | undefined>();
  return (value: T): string | undefined => {
    if (texts.has(value)) return texts.get(value);
    const text = make(value);
    texts.set(value, text);
    return text;
  };
}

/** As JSON.stringify, with sorted keys at all depths. */
function canonicalText(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return canonicalText(value.toJSON());
  let text = "{";
  for (const key of keysOf(value)) {
    const child = (value as Record<string, unknown>)[key];
    if (child !== undefined)
      text += `${text === "{" ? "" : ","}${JSON.stringify(key)}:${canonicalText(child)}`;
  }
  return `${text}}`;
}

/** The keys of the last objects with that many keys: sorting those of each job would take longer than all else. */
const lastKeys = new Map<number, { readonly own: readonly string[]; readonly sorted: readonly string[] }>();

/** Sorted. */
function keysOf(value: object): readonly string[] {
  const own = Object.keys(value);
  const last = lastKeys.get(own.length);
  if (last?.own.every((key, index) => key === own[index])) return last.sorted;
  const sorted = own.toSorted((a, b) => (a < b ? -1 : 1));
  lastKeys.set(own.length, { own, sorted });
  return sorted;
}
