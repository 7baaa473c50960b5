import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { describeHandler } from "../config/describe-handler.ts";
import {
  type Definition,
  placeOfLine,
  readDefinitionLines,
  readDefinitionsVersion,
  restoreDefinitions,
  storedDefinitionOf,
} from "../launch/definition.ts";
import { pagesOf } from "../launch/pages.ts";
import type { RedisKeys } from "../redis/keys.ts";

/** By job, in no order; null for what this release cannot read. */
export type KnownDefinitions = ReadonlyMap<string, Definition | null>;

/** A release that does not count the versions may have led meanwhile. */
const MAX_AGE_MS = 60_000;
/** Some milliseconds of work. */
const JOBS_A_TURN = 200;

interface Restored {
  readonly line: string;
  readonly definition: Definition | null;
}

/**
 * The definitions that the leader has stored. To read and restore those of 10,000 jobs takes most of a second, and they seldom
 * change. They are kept for as long as their version stays; of a new version only what differs is restored.
 */
export class DefinitionCache {
  #version: string | null = null;
  #readMs = 0;
  #restored: ReadonlyMap<string, Restored> = new Map();
  #known: KnownDefinitions = new Map();
  /** Callers that come meanwhile wait for it. */
  #reading: Promise<KnownDefinitions> | null = null;

  /** `local`: a definition that is the one of the caller's own configuration need not be restored. */
  read(redis: Redis, keys: RedisKeys, local: readonly Job[]): Promise<KnownDefinitions> {
    this.#reading ??= this.#read(redis, keys, local).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(redis: Redis, keys: RedisKeys, local: readonly Job[]): Promise<KnownDefinitions> {
    const version = await readDefinitionsVersion(redis, keys);
    const isOld = performance.now() - this.#readMs > MAX_AGE_MS;
    if (version === this.#version && !isOld) return this.#known;
    const lines = await readDefinitionLines(redis, keys);
    this.#restored = await this.#restore(redis, keys, lines, local);
    this.#known = new Map([...this.#restored].map(([job, { definition }]) => [job, definition]));
    this.#version = version;
    this.#readMs = performance.now();
    return this.#known;
  }

  async #restore(
    redis: Redis,
    keys: RedisKeys,
    lines: readonly { readonly job: string; readonly line: string }[],
    local: readonly Job[],
  ): Promise<ReadonlyMap<string, Restored>> {
    const before = this.#restored;
    const own = new Map(local.map(job => [job.name, job]));
    const restored = new Map<string, Restored>();
    for (const page of pagesOf(lines, JOBS_A_TURN)) {
      const unknown: { readonly job: string; readonly line: string }[] = [];
      for (const stored of page) {
        const { job, line } = stored;
        const known = before.get(job);
        const definition = known?.line === line ? known.definition : ownDefinition(own.get(job), line);
        restored.set(job, { line, definition });
        if (definition === null) unknown.push(stored);
      }
      const found = await restoreDefinitions(redis, keys, unknown);
      for (const [i, { job, line }] of unknown.entries())
        restored.set(job, { line, definition: found[i] ?? null });
      // The process may lead: other work must not wait for all of it.
      await new Promise(resolve => setImmediate(resolve));
    }
    return restored;
  }
}

/** The definition of the configuration, if it is what the line says; otherwise null. */
function ownDefinition(job: Job | undefined, line: string): Definition | null {
  const place = job && placeOfLine(line);
  if (!place || place.digest !== storedDefinitionOf(job).digest) return null;
  const { number, fromMs } = place;
  return { ...job, job: job.name, handler: describeHandler(job.handler), number, fromMs };
}
