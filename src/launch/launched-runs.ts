import type { Redis } from "ioredis";
import { GatheredReads } from "../redis/gathered-reads.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedPairs } from "../redis/stored-value.ts";

/**
 * Jobs in one check, and entries of their histories: what a check costs is bounded, and the next one goes on from
 * there.
 */
const JOBS_A_LOOK = 1_000;
const ENTRIES_A_LOOK = 5_000;
const JOBS_A_PAGE = 100;
const ENTRIES_A_JOB = 50;

interface Entry {
  readonly id: string;
  /** Null: no launch. */
  readonly run: string | null;
  /** The run whose end it records, or null. */
  readonly ended: string | null;
}

/** A launched run, and the id of the entry of its launch. */
export interface LaunchedRun {
  readonly job: string;
  readonly run: string;
  readonly launch: string;
}

/**
 * Walks through the histories of jobs, oldest entry first, for runs that have not ended. Each look asks for some jobs, each
 * job for what comes after the last run of which it is known that it has ended.
 */
export class LaunchedRuns {
  readonly #reads: GatheredReads;
  readonly #keys: RedisKeys;
  /** By job, the entry after which the next look begins. */
  readonly #doneTo = new Map<string, string>();
  /** Those of the last look. */
  #jobs: readonly string[] = [];
  #entries: ReadonlyMap<string, readonly Entry[]> = new Map();
  #nextJob = 0;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#reads = new GatheredReads(redis);
    this.#keys = keys;
  }

  /**
   * By job, runs that were launched until then (epoch ms, store time) and may not have ended, oldest first. The same list of jobs each
   * time costs least. Rejects when Redis is away.
   */
  async look(jobs: readonly string[], untilMs: number): Promise<ReadonlyMap<string, readonly string[]>> {
    if (jobs !== this.#jobs) this.#forgetAllBut(jobs);
    const found = new Map<string, readonly Entry[]>();
    let entries = 0;
    let seen = 0;
    while (seen < Math.min(jobs.length, JOBS_A_LOOK) && entries < ENTRIES_A_LOOK) {
      const from = this.#nextJob < jobs.length ? this.#nextJob : 0;
      const page = jobs.slice(from, from + Math.min(JOBS_A_PAGE, jobs.length - seen));
      const read = await Promise.all(page.map(job => this.#read(job, untilMs)));
      for (const [i, job] of page.entries()) found.set(job, read[i] ?? []);
      entries += read.flat().length;
      seen += page.length;
      this.#nextJob = from + page.length;
    }
    this.#entries = found;
    return new Map([...found].map(([job, own]) => [job, own.flatMap(({ run }) => run ?? [])]));
  }

  /** Those of the runs of the last look that have ended, and whose end was not among what was read. */
  unrecorded(hasEnded: (run: string) => boolean): LaunchedRun[] {
    return [...this.#entries].flatMap(([job, entries]) => {
      const recorded = new Set(entries.map(({ ended }) => ended));
      return entries.flatMap(({ id: launch, run }) =>
        run !== null && !recorded.has(run) && hasEnded(run) ? [{ job, run, launch }] : [],
      );
    });
  }

  /** Which of the runs of the last look have ended: they are not asked for again. */
  pass(hasEnded: (run: string) => boolean): void {
    for (const [job, entries] of this.#entries) {
      const open = entries.findIndex(({ run }) => run !== null && !hasEnded(run));
      const last = entries.at(open === -1 ? -1 : open - 1);
      if (last !== undefined && open !== 0) this.#doneTo.set(job, last.id);
    }
  }

  #forgetAllBut(jobs: readonly string[]): void {
    this.#jobs = jobs;
    const names = new Set(jobs);
    for (const job of this.#doneTo.keys()) if (!names.has(job)) this.#doneTo.delete(job);
  }

  async #read(job: string, untilMs: number): Promise<Entry[]> {
    const doneTo = this.#doneTo.get(job);
    const from = doneTo === undefined ? "-" : `(${doneTo}`;
    const until = String(Math.max(0, Math.floor(untilMs)));
    const found = await this.#reads
      .xrange(this.#keys.history(job), from, until, ENTRIES_A_JOB)
      .catch((error: unknown) => {
        // Another program overwrote the history; it shows no launch.
        if (error instanceof Error && error.message.startsWith("WRONGTYPE")) return [];
        throw error;
      });
    return found.map(([id, flat]) => ({ id, ...runsOf(flat) }));
  }
}

function runsOf(flat: readonly string[]): Omit<Entry, "id"> {
  const fields = new Map(storedPairs(flat));
  const run = fields.get("run") ?? null;
  return {
    run: fields.get("outcome") === "launched" ? run : null,
    ended: fields.has("result") ? run : null,
  };
}
