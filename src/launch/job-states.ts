import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { tellReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import { instantsIn } from "../schedule/spec.ts";
import { HOUR_MS } from "../schedule/time-units.ts";
import { storedDefinitionOf } from "./definition.ts";
import { noteDropped } from "./dropped.ts";
import { HISTORY_ENTRIES } from "./history.ts";

/** A script over this many jobs holds Redis up for some 20 ms. */
const JOBS_A_SCRIPT = 5_000;
/** Definitions are a few hundred bytes each. */
const DEFINITIONS_A_SCRIPT = 1_000;
/** Of ticks that a new job has missed, this many are recorded. */
const JUST_PASSED_LIMIT = 100;

const openReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("newer"), z.number()]),
  z.tuple([z.literal("opened")]).rest(z.string()),
]);
const OPEN_TERM = new Script(openReply, new URL("./open-term.lua", import.meta.url));
const defineReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("late")]),
  z.tuple([z.literal("defined")]).rest(z.string()),
]);
const DEFINE = new Script(defineReply, new URL("./define.lua", import.meta.url));

/** Where a job is in the epoch that is in force. */
export interface JobState {
  /** The newest decided tick, epoch ms. */
  readonly cursor: number;
  /** How many of its ticks have been launched, for a job with `maxRuns`. */
  readonly launched: number;
}

export interface LoadJobStatesOptions {
  readonly fence: string;
  readonly jobs: readonly Job[];
  /** Where a job begins that is new, and an epoch that begins with this. */
  readonly nowMs: number;
  /** The newest format of the data that is understood. */
  readonly format: number;
  /** Called before each of the scripts, which take some thousands of jobs at a time. */
  readonly onPage?: (() => void) | undefined;
}

/** Where the jobs are; of those whose state another program wrote into, why they cannot be read and what to do. */
export interface LoadedJobStates {
  readonly jobStates: ReadonlyMap<string, JobState>;
  readonly corrupt: ReadonlyMap<string, string>;
}

/**
 * Gives each job its cursor, if it has none, stores the definitions that changed, and reads where all jobs are. Null when
 * a newer term is in force.
 *
 * @throws BellwetherError BW_FORMAT_NEWER
 */
export async function loadJobStates(
  redis: Redis,
  keys: RedisKeys,
  options: LoadJobStatesOptions,
): Promise<LoadedJobStates | null> {
  const { fence, jobs, format, onPage } = options;
  const opening = randomUUID();
  const { term, cursors, definitions, schedules, launched, retired } = keys;
  const jobStates = new Map<string, JobState>();
  const corrupt = new Map<string, string>();
  const note = (job: string, values: readonly string[]) => {
    const read = readJobState(keys, job, values);
    if (typeof read === "string") {
      corrupt.set(job, read);
      jobStates.delete(job);
    } else jobStates.set(job, read);
  };
  const changed: Job[] = [];
  for (const page of pagesOf(jobs, JOBS_A_SCRIPT)) {
    onPage?.();
    const opened = await OPEN_TERM.run(
      redis,
      [term, cursors, definitions, schedules, launched, retired, keys.format, keys.opening],
      [fence, format, opening, ...page.flatMap(job => fingerprintsOf(job))],
    );
    if (opened[0] === "fenced") return null;
    if (opened[0] === "newer")
      throw new BellwetherError("BW_FORMAT_NEWER", { found: opened[1], known: format });
    const [, ...values] = opened;
    for (const [i, job] of page.entries()) {
      if (values[2 * i] === "") changed.push(job);
      jobStates.set(job.name, UNKNOWN);
      if (values[2 * i] !== "") note(job.name, values.slice(2 * i));
    }
  }
  for (const page of pagesOf(changed, DEFINITIONS_A_SCRIPT)) {
    onPage?.();
    const defined = await define(redis, keys, options, page, opening);
    if (defined === "fenced") return null;
    // An opening that this leader had given up came late. The newest one is in force.
    if (defined === "late") return loadJobStates(redis, keys, options);
    for (const [i, { name }] of page.entries()) note(name, defined.slice(2 * i));
  }
  await noteDropped(redis, keys, { opening, jobs, defined: jobStates.size });
  return { jobStates, corrupt };
}

/** Keeps the place of a job until its definition is stored: the job states are in the order of the jobs. */
const UNKNOWN: JobState = { cursor: 0, launched: 0 };

async function define(
  redis: Redis,
  keys: RedisKeys,
  { fence, nowMs }: LoadJobStatesOptions,
  jobs: readonly Job[],
  opening: string,
): Promise<readonly string[] | "fenced" | "late"> {
  const { term, cursors, definitions, epochs, epochCursors, schedules, launched, calendars } = keys;
  const covered = new Map(jobs.flatMap(job => [...storedDefinitionOf(job).calendars]));
  const { reason, reasonCode } = tellReason({ code: "job_unknown" });
  const [outcome, ...values] = await DEFINE.run(
    redis,
    [term, cursors, definitions, epochs, epochCursors, schedules, launched, calendars, keys.opening],
    [
      ...[fence, Math.floor(nowMs), HISTORY_ENTRIES, keys.histories],
      ...[opening, reason, reasonCode, covered.size, ...[...covered].flat()],
      ...jobs.flatMap(job => [...fingerprintsOf(job), storedDefinitionOf(job).json, justPassed(job, nowMs)]),
    ],
  );
  return outcome === "defined" ? values : outcome;
}

/**
 * The ticks of `at` that passed within the last hour, newest first to the limit. A person who wrote such an instant down
 * expects a run; a cron that is new is expected to begin now.
 */
function justPassed({ spec, schedule }: Job, nowMs: number): string {
  const ticks: number[] = [];
  if (instantsIn(spec).length === 0) return "";
  for (let tick = schedule.previous(nowMs); tick !== null; tick = schedule.previous(tick.at - 1)) {
    if (tick.at <= nowMs - HOUR_MS || ticks.length === JUST_PASSED_LIMIT) break;
    ticks.push(tick.at);
  }
  return ticks.reverse().join(",");
}

function fingerprintsOf(job: Job): string[] {
  const { fingerprint, digest, legacy } = storedDefinitionOf(job);
  return [job.name, fingerprint, digest, legacy];
}

/** Where a job is, or why that cannot be read. It is not guessed: a tick could be lost or launched twice. */
function readJobState(
  keys: RedisKeys,
  job: string,
  [cursor = "", launched = ""]: readonly string[],
): JobState | string {
  const [cursorMs, count] = [storedInstant(cursor), storedNumber(launched)];
  if (cursorMs === null) return corruptMessage(keys.cursors, job, cursor);
  if (count === null) return corruptMessage(keys.launched, job, launched);
  return { cursor: cursorMs, launched: count };
}

function corruptMessage(key: string, job: string, found: string): string {
  return new BellwetherError("BW_STATE_CORRUPT", { key, job, found }).message;
}

/** The items in their order, at most `size` in a page. */
export function pagesOf<T>(items: readonly T[], size = JOBS_A_SCRIPT): T[][] {
  const pages: T[][] = [];
  for (let i = 0; i < items.length; i += size) pages.push(items.slice(i, i + size));
  return pages;
}
