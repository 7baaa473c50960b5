import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import { readCursors } from "./cursors.ts";
import { readDefinitions, type TickRules } from "./definition.ts";
import { readClosedEpochs } from "./epochs.ts";
import { pagesOf } from "./pages.ts";

/** A job that no configuration has is kept this long, so that a deploy that drops it by mistake can be undone. */
const RETIRE_AFTER_MS = 24 * 60 * 60_000;
/** The history of a retired job is kept for those who ask what happened. */
const HISTORY_AFTER_MS = 7 * RETIRE_AFTER_MS;

const retireReply = z.union([z.tuple([z.literal("fenced")]), z.tuple([z.literal("done")]).rest(z.string())]);
const FORGET = new Script(retireReply, new URL("./forget.lua", import.meta.url));
const RETIRE = new Script(retireReply, new URL("./retire.lua", import.meta.url));

export interface RetireOptions {
  readonly fence: string;
  readonly nowMs: number;
  /** The jobs that there are. */
  readonly kept: ReadonlyMap<string, unknown>;
}

/** One schedule of a job that no configuration has, which may have undecided ticks. */
export interface RemovedLane extends TickRules {
  readonly job: string;
  /** Absent for the epoch in force. */
  readonly epoch?: number;
  readonly cursor: number;
  readonly launched: number;
  /** When the job was first missed, epoch ms. */
  readonly sinceMs: number;
}

/** What there is of jobs that no configuration has any more, or null when a newer term is in force. */
export async function readRemoved(
  redis: Redis,
  keys: RedisKeys,
  request: RetireOptions,
): Promise<readonly RemovedLane[] | null> {
  const missing = await missingJobs(redis, keys, request);
  const lanes: RemovedLane[] = [];
  for (const page of pagesOf(missing)) {
    // Notes since when they are missed.
    if ((await retirePage(redis, keys, request, page, Number.MAX_SAFE_INTEGER)) === null) return null;
    const [sinces, cursors, launched, definitions] = await Promise.all([
      redis.hmget(keys.retired, ...page),
      readCursors(redis, keys, page),
      redis.hmget(keys.launched, ...page),
      readDefinitions(redis, keys, page),
    ]);
    const closed = await readClosedEpochs(redis, keys);
    for (const [i, job] of page.entries()) {
      const [sinceMs, cursor, definition] = [storedInstant(sinces[i]), cursors[i], definitions.get(job)];
      if (sinceMs === null) continue;
      const about = { sinceMs, launched: storedNumber(launched[i]) ?? 0 };
      lanes.push(...closed.filter(epoch => epoch.job === job).map(epoch => ({ ...epoch, ...about })));
      if (definition && typeof cursor === "number") lanes.push({ ...definition, cursor, ...about });
    }
  }
  return lanes;
}

/**
 * Removes the state of jobs that no configuration has had for a day. Resolves with their names, or null when a
 * newer term is in force.
 */
export async function retireJobs(
  redis: Redis,
  keys: RedisKeys,
  request: RetireOptions,
): Promise<readonly string[] | null> {
  const gone: string[] = [];
  for (const page of pagesOf(await missingJobs(redis, keys, request))) {
    const names = await retirePage(redis, keys, request, page, RETIRE_AFTER_MS);
    if (names === null) return null;
    gone.push(...names);
  }
  await forgetCalendars(redis, keys, request.fence);
  return gone;
}

async function missingJobs(redis: Redis, keys: RedisKeys, { kept }: RetireOptions): Promise<string[]> {
  return (await redis.hkeys(keys.cursors)).filter(job => !kept.has(job));
}

async function retirePage(
  redis: Redis,
  keys: RedisKeys,
  { fence, nowMs }: RetireOptions,
  page: readonly string[],
  afterMs: number,
): Promise<readonly string[] | null> {
  const { term, cursors, definitions, schedules, launched, retired, controls, epochs, epochCursors } = keys;
  const [outcome, ...names] = await RETIRE.run(
    redis,
    [
      ...[term, cursors, definitions, schedules, launched, retired, controls, epochs, epochCursors],
      ...[keys.definitionsVersion, keys.failing, keys.catalogue],
    ],
    [
      fence,
      Math.floor(nowMs),
      afterMs,
      keys.histories,
      HISTORY_AFTER_MS,
      keys.unfinished(""),
      keys.strips,
      ...page,
    ],
  );
  return outcome === "fenced" ? null : names;
}

/** Removes closed epochs that have no undecided tick any more. False when a newer term is in force. */
export async function forgetEpochs(
  redis: Redis,
  keys: RedisKeys,
  fence: string,
  lanes: readonly string[],
): Promise<boolean> {
  const [outcome] = await FORGET.run(redis, [keys.term, keys.epochs, keys.epochCursors], [fence, ...lanes]);
  return outcome === "done";
}

/** Removes calendars that no definition and no unfinished epoch names. Only the leader writes any of these. */
async function forgetCalendars(redis: Redis, keys: RedisKeys, fence: string): Promise<void> {
  const digests = await redis.hkeys(keys.calendars);
  if (digests.length === 0) return;
  const lines = [...(await redis.hvals(keys.definitions)), ...(await redis.hvals(keys.epochs))];
  const unused = digests.filter(digest => !lines.some(line => line.includes(digest)));
  if (unused.length > 0) await FORGET.run(redis, [keys.term, keys.calendars], [fence, ...unused]);
}
