import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { hashJobs } from "../config/hash.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { SCHEDULE_RULES } from "../schedule/stored-spec.ts";
import { definitionMarksOf } from "./definition.ts";

const findReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("newer"), z.number()]),
  z.tuple([z.literal("same"), z.number()]),
  z.tuple([z.literal("other")]),
]);
const FIND = new Script(findReply, new URL("./find-catalogue.lua", import.meta.url));
const NOTE = new Script(z.enum(["noted", "late"]), new URL("./note-catalogue.lua", import.meta.url));
const checkReply = z.enum(["fenced", "same", "other"]);
const CHECK = new Script(checkReply, new URL("./check-definitions.lua", import.meta.url));

/** Grows when a release stores anything else of the same jobs. */
const STORED_FORM = 1;

/** Equal for two leaders that store the same of their jobs. */
export function catalogueOf(jobs: readonly Job[]): string {
  return `${STORED_FORM}.${SCHEDULE_RULES}.${jobs.length}.${hashJobs(jobs)}`;
}

export interface FindCatalogue {
  readonly fence: string;
  /** The newest format of the data that is understood. */
  readonly format: number;
  readonly catalogue: string;
}

/**
 * Whether what is stored of the jobs is what a leader with the same jobs has left. Then no definition has to be compared or
 * written, and of each job only its place has to be read.
 */
export async function findCatalogue(redis: Redis, keys: RedisKeys, request: FindCatalogue) {
  const { fence, format, catalogue } = request;
  const { term, cursors, definitions, schedules, launched } = keys;
  return await FIND.run(
    redis,
    [term, keys.format, keys.catalogue, cursors, definitions, schedules, launched],
    [fence, format, catalogue],
  );
}

/** Notes that what is stored is of these jobs, when all of it has been compared in this opening. */
export async function noteCatalogue(
  redis: Redis,
  keys: RedisKeys,
  {
    fence,
    opening,
    catalogue,
  }: { readonly fence: string; readonly opening: string; readonly catalogue: string },
): Promise<void> {
  const { term, cursors, definitions, schedules } = keys;
  await NOTE.run(
    redis,
    [term, keys.opening, keys.catalogue, cursors, definitions, schedules],
    [fence, opening, catalogue],
  );
}

/** What a stored definition is compared by, as the scripts take it. */
export function marksOf(job: Job): string[] {
  const { fingerprint, digest, legacy } = definitionMarksOf(job);
  return [job.name, fingerprint, digest, legacy];
}

/** A check of this many jobs takes Redis and this process some 2 ms each; all of 100,000 are compared within a minute. */
const JOBS_A_CHECK = 1_000;

/**
 * After an opening that has compared no definitions they are compared little by little, because another program may have
 * written into one since they were stored.
 */
export class DefinitionCheck {
  #jobs: readonly Job[] = [];
  #next = 0;

  /** The term has been opened: these jobs have not been compared. */
  restart(jobs: readonly Job[]): void {
    this.#jobs = jobs;
    this.#next = 0;
  }

  /** Compares the next ones. `other`: open the term again, which stores what is missing. */
  async step(redis: Redis, keys: RedisKeys, fence: string): Promise<z.infer<typeof checkReply>> {
    const page = this.#jobs.slice(this.#next, this.#next + JOBS_A_CHECK);
    if (page.length === 0) return "same";
    const { term, catalogue, definitions, schedules } = keys;
    const found = await CHECK.run(
      redis,
      [term, catalogue, definitions, schedules],
      [fence, ...page.flatMap(marksOf)],
    );
    if (found === "same") this.#next += page.length;
    return found;
  }
}
