import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant } from "../redis/stored-value.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { pagesOf } from "./pages.ts";
import { baseOf, placeOfJob } from "./queue-place.ts";
import { tickOfRun } from "./run-id.ts";

/** A script over this many jobs holds Redis up for some 5 ms. */
const JOBS_A_SCRIPT = 2_000;

const reply = z.array(
  z.tuple([z.enum(["unfinished", "finished", "removed", "none"]), z.string(), z.string(), z.string()]),
);
const LOOK = new Script(reply, UNFINISHED_LUA, new URL("./look.lua", import.meta.url));

/** What is known of the newest run of a job whose runs must not overlap. */
export interface NewestRun {
  /** `removed`: BullMQ does not have it any more, and its end is not on record. */
  readonly state: "unfinished" | "finished" | "removed";
  readonly run: string;
  /** Undecided ticks after this one wait, or waited, for the run's end (epoch ms). */
  readonly sinceMs: number;
  /** When it ended, by the clock of its worker (epoch ms). Infinity while it has not, or where that is unknown. */
  readonly endedMs: number;
}

type GuardedJob = Pick<Job, "name" | "queue" | "sharedQueue">;

/**
 * Reads the newest runs of jobs; a job of which no run is known is not in the answer. On a connection with a WATCH the
 * read is part of what is guarded, as long as all of the jobs' `keys.unfinished` are watched.
 */
export async function readNewestRuns(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly GuardedJob[],
): Promise<ReadonlyMap<string, NewestRun>> {
  const pages = pagesOf(jobs, JOBS_A_SCRIPT).map(page => readPage(redis, keys, page));
  return new Map((await Promise.all(pages)).flat());
}

async function readPage(redis: Redis, keys: RedisKeys, jobs: readonly GuardedJob[]) {
  const found = await LOOK.run(
    redis,
    jobs.flatMap(({ name }) => [keys.unfinished(name), keys.history(name), keys.working(name)]),
    jobs.flatMap(job => {
      const place = placeOfJob(keys, job);
      // Only in Bellwether's queues an older release has marked its runs with the name of the job.
      return [place.isShared ? "" : job.name, `${baseOf(place)}:`];
    }),
  );
  return found.flatMap(([state, run, added, ended], i): [string, NewestRun][] => {
    const job = jobs[i]?.name;
    if (state === "none" || job === undefined) return [];
    const sinceMs = sinceOf(run, storedInstant(added) ?? 0);
    return [[job, { state, run, sinceMs, endedMs: storedInstant(ended) ?? Number.POSITIVE_INFINITY }]];
  });
}

/** By job with `overlap: queue`, until when its ticks waited for the run before them; Infinity while they do. */
export async function readWaits(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, number>> {
  const waiting = jobs.filter(({ overlap }) => overlap === "queue");
  const newestRuns = await readNewestRuns(redis, keys, waiting);
  const known = [...newestRuns].filter(([, { state }]) => state !== "removed");
  return new Map(known.map(([job, { endedMs }]) => [job, endedMs]));
}

/**
 * When a run began to hold ticks back: with its own tick, since what was due when it was launched late waited for it
 * too. A manual run has no tick; it holds back ticks that are due after it was added.
 */
export function sinceOf(run: string, addedMs: number): number {
  const tickAtMs = Date.parse(tickOfRun(run));
  return Number.isNaN(tickAtMs) ? addedMs : tickAtMs;
}
