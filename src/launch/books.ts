import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedNumber } from "../redis/stored-number.ts";
import { HISTORY_ENTRIES } from "./history.ts";

const OPEN_TERM = new Script(new URL("./open-term.lua", import.meta.url));
const RETIRE = new Script(new URL("./retire.lua", import.meta.url));

/** A script over this many jobs holds Redis up for some 20 ms. */
const JOBS_A_SCRIPT = 5_000;
/** A job that no configuration has is kept this long, so that a deploy that drops it by mistake can be mended. */
const RETIRE_AFTER_MS = 24 * 60 * 60_000;
/** The history of a retired job is kept for those who ask what happened. */
const HISTORY_AFTER_MS = 7 * RETIRE_AFTER_MS;

const openReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("newer"), z.number()]),
  z.tuple([z.literal("opened")]).rest(z.string()),
]);
const retireReply = z.union([z.tuple([z.literal("fenced")]), z.tuple([z.literal("done")]).rest(z.string())]);

/** Where a job stands. */
export interface Book {
  /** The newest decided tick, epoch ms. */
  readonly cursor: number;
  /** How many of its ticks have been launched, for a job with `maxRuns`. */
  readonly launched: number;
}

export interface OpenBooks {
  readonly fence: string;
  readonly jobs: readonly Job[];
  /** Where a job begins that is new. */
  readonly nowMs: number;
  /** Where a schedule begins that is found to have changed. */
  readonly changedMs: number;
  /** The newest format of the data that is understood. */
  readonly format: number;
}

/**
 * Gives each job its cursor, if it has none, and reads where all of them stand. Null when a newer term stands.
 *
 * @throws BellwetherError BW_FORMAT_NEWER; BW_BOOKS_UNREADABLE when somebody else wrote into them.
 */
export async function openBooks(
  redis: Redis,
  keys: RedisKeys,
  { fence, jobs, nowMs, changedMs, format }: OpenBooks,
): Promise<ReadonlyMap<string, Book> | null> {
  const { term, cursors, schedules, launched, retired, histories } = keys;
  const books = new Map<string, Book>();
  for (const page of pagesOf(jobs)) {
    const reply = await OPEN_TERM.run(
      redis,
      [term, cursors, schedules, launched, retired, keys.format],
      [
        ...[fence, Math.floor(nowMs), Math.floor(changedMs), HISTORY_ENTRIES, histories, format],
        ...page.flatMap(job => [job.name, fingerprintOf(job)]),
      ],
    );
    const opened = openReply.parse(reply);
    if (opened[0] === "fenced") return null;
    if (opened[0] === "newer")
      throw new BellwetherError("BW_FORMAT_NEWER", { found: opened[1], known: format });
    const [, ...values] = opened;
    for (const [i, { name }] of page.entries()) {
      const [cursor = "", launched = ""] = values.slice(2 * i, 2 * i + 2);
      books.set(name, {
        cursor: storedInstant(cursor) ?? refuse(cursors, name, cursor),
        launched: storedNumber(launched) ?? refuse(keys.launched, name, launched),
      });
    }
  }
  return books;
}

/** A job that was over and may run more often now has no ticks in between to catch up on. */
function fingerprintOf({ schedule, maxRuns }: Job): string {
  return maxRuns === null ? schedule.fingerprint : `${schedule.fingerprint} ${maxRuns}`;
}

/** Where a job stands is not guessed: a tick could be lost or launched twice. */
function refuse(key: string, job: string, found: string): never {
  throw new BellwetherError("BW_BOOKS_UNREADABLE", { key, job, found });
}

export interface RetireBooks {
  readonly fence: string;
  readonly nowMs: number;
  /** The jobs that there are. */
  readonly kept: ReadonlyMap<string, Job>;
}

/**
 * Throws away the books of jobs that no configuration has had for a day. Resolves with their names, or null when a
 * newer term stands.
 */
export async function retireBooks(
  redis: Redis,
  keys: RedisKeys,
  { fence, nowMs, kept }: RetireBooks,
): Promise<readonly string[] | null> {
  const { term, cursors, schedules, queued, launched, retired, orders, histories } = keys;
  const missing = (await redis.hkeys(cursors)).filter(job => !kept.has(job));
  const gone: string[] = [];
  for (const page of pagesOf(missing)) {
    const reply = await RETIRE.run(
      redis,
      [term, cursors, schedules, queued, launched, retired, orders],
      [fence, Math.floor(nowMs), RETIRE_AFTER_MS, histories, HISTORY_AFTER_MS, ...page],
    );
    const [outcome, ...names] = retireReply.parse(reply);
    if (outcome === "fenced") return null;
    gone.push(...names);
  }
  return gone;
}

function pagesOf<T>(items: readonly T[]): T[][] {
  const pages: T[][] = [];
  for (let i = 0; i < items.length; i += JOBS_A_SCRIPT) pages.push(items.slice(i, i + JOBS_A_SCRIPT));
  return pages;
}
