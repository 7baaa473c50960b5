import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type Decision, laneOf } from "../schedule/decision.ts";
import { VERSION_FIELD, versionOf } from "./controls.ts";
import { readLaneCursors } from "./cursors.ts";
import { findBrokenQueues } from "./launch-queue.ts";
import { placeOfJob } from "./queue-place.ts";
import { type NewestRun, readNewestRuns } from "./unfinished.ts";

/** What a launch transaction depends on: it is void when any of the first four changes before EXEC. */
export interface LaunchGuard {
  readonly fence: string | null;
  /** By lane. */
  readonly cursors: ReadonlyMap<string, number | null>;
  readonly controlsVersion: number;
  /** Of jobs whose runs must not overlap. */
  readonly newestRuns: ReadonlyMap<string, NewestRun>;
  /** By base of the queue (`baseOf`), why BullMQ cannot add runs to it. */
  readonly broken: ReadonlyMap<string, string>;
}

/**
 * Reads it under WATCH. All commands are written together, so on one connection and in this order; without an answer to
 * each of them nothing more is sent.
 */
export async function watchGuard(
  redis: Redis,
  keys: RedisKeys,
  decisions: readonly Decision[],
  jobOf: (name: string) => Job,
): Promise<LaunchGuard> {
  const { term, cursors, epochCursors, controls } = keys;
  const lanes = [...new Set(decisions.map(laneOf))];
  const launched = new Set(decisions.filter(({ outcome }) => outcome === "launched").map(({ job }) => job));
  const jobs = [...launched].map(jobOf);
  const guarded = jobs.filter(({ overlap }) => overlap !== "allow");
  const [, fence, laneCursors, version, newestRuns, broken] = await Promise.all([
    redis.watch(
      ...[term, cursors, epochCursors, controls],
      ...guarded.map(({ name }) => keys.unfinished(name)),
    ),
    redis.get(term),
    readLaneCursors(redis, keys, lanes),
    redis.hget(controls, VERSION_FIELD),
    readNewestRuns(redis, keys, guarded),
    findBrokenQueues(
      redis,
      jobs.map(job => placeOfJob(keys, job)),
    ),
  ]);
  return { fence, cursors: laneCursors, controlsVersion: versionOf(version), newestRuns, broken };
}
