import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { tellReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { instantsIn } from "../schedule/spec.ts";
import { HOUR_MS } from "../schedule/time-units.ts";
import { catalogueOf, findCatalogue, marksOf, noteCatalogue } from "./catalogue.ts";
import { storedDefinitionOf } from "./definition.ts";
import { noteDropped } from "./dropped.ts";
import { HISTORY_CEILING } from "./history.ts";
import { pagesOf } from "./pages.ts";

/** A script over this many jobs holds Redis up for some 4 ms, as does one that writes this many definitions. */
const JOBS_A_SCRIPT = 1_000;
const DEFINITIONS_A_SCRIPT = 500;
/** Reading this many places takes Redis some 2 ms. */
const PLACES_A_READ = 5_000;
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
const READ_PLACES = new Script(
  z.tuple([z.string(), z.string()]),
  new URL("./read-places.lua", import.meta.url),
);
const DEFINE = new Script(defineReply, STRIPS_LUA, new URL("./define.lua", import.meta.url));

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

/** Where the jobs are in the epochs that are in force, in the order of the jobs. The caller may change the cursors. */
export interface LoadedJobStates {
  /** By job, its newest decided tick (epoch ms). */
  readonly cursors: Map<string, number>;
  /** How many ticks of a job have been launched, for jobs with `maxRuns`; absent for none. */
  readonly launched: ReadonlyMap<string, number>;
  /** Of the jobs whose state another program wrote into, why it cannot be read and what to do. */
  readonly corrupt: ReadonlyMap<string, string>;
  /** Jobs of which nothing but their places was read. */
  readonly unchecked: readonly Job[];
}

/**
 * Gives each job its cursor, if it has none, stores the definitions that changed, and reads where all jobs are. Null when
 * a newer term is in force. Where a leader with the same jobs has led before, only the places are read.
 *
 * @throws BellwetherError BW_FORMAT_NEWER
 */
export async function loadJobStates(
  redis: Redis,
  keys: RedisKeys,
  options: LoadJobStatesOptions,
): Promise<LoadedJobStates | null> {
  const { fence, format, jobs } = options;
  const catalogue = catalogueOf(jobs);
  const found = await findCatalogue(redis, keys, { fence, format, catalogue });
  if (found[0] === "fenced") return null;
  if (found[0] === "newer") throw new BellwetherError("BW_FORMAT_NEWER", { found: found[1], known: format });
  const known = found[0] === "same" ? await readPlaces(redis, keys, options, found[1] > 0) : null;
  return known ?? (await openWhole(redis, keys, options, catalogue));
}

/**
 * Reads where the jobs are, and forgets it. A process reads 100,000 places faster the second time, and a successor has to
 * read them while there is no leader. After the signal nothing more is sent.
 */
export async function rehearseReading(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly Job[],
  signal: AbortSignal,
): Promise<void> {
  await readPlaces(redis, keys, { jobs, onPage: () => signal.throwIfAborted() }, false);
}

/** Null where a job has no place: then it is not known what is stored of the others. */
async function readPlaces(
  redis: Redis,
  keys: RedisKeys,
  { jobs, onPage }: Pick<LoadJobStatesOptions, "jobs" | "onPage">,
  isAnyCounted: boolean,
): Promise<LoadedJobStates | null> {
  const states = new ReadStates(keys);
  const read = (page: readonly Job[]) => {
    onPage?.();
    const names = page.map(({ name }) => name).join(" ");
    return READ_PLACES.run(redis, [keys.cursors, keys.launched], [names, isAnyCounted ? "1" : "0"]);
  };
  for await (const [page, places] of sentAhead(pagesOf(jobs, PLACES_A_READ), read)) {
    const [cursors, launched] = places.map(valuesIn);
    for (const [i, { name }] of page.entries()) {
      const [cursor, count] = [cursors?.[i], launched?.[i]];
      if (typeof cursor !== "string") return null;
      states.note(name, cursor, typeof count === "string" ? count : "0");
    }
  }
  states.unchecked = jobs;
  return states;
}

/** Of a list in JSON; false for a value that is not there. */
function valuesIn(text: string): readonly (string | false)[] {
  return text === "" ? [] : JSON.parse(text);
}

/** Sends a page while Redis works on the one before it. The replies are in the order of the pages. */
async function* sentAhead<Page, Reply>(
  pages: readonly Page[],
  send: (page: Page) => Promise<Reply>,
): AsyncGenerator<[Page, Reply]> {
  const first = pages[0];
  if (first === undefined) return;
  let reply = send(first);
  // Where the loop ends before, or cannot send the next page, nothing waits for it.
  reply.catch(() => undefined);
  for (const [i, page] of pages.entries()) {
    const next = pages[i + 1];
    const nextReply = next === undefined ? reply : send(next);
    nextReply.catch(() => undefined);
    yield [page, await reply];
    reply = nextReply;
  }
}

/** Compares what is stored of each job, and writes what is new. */
async function openWhole(
  redis: Redis,
  keys: RedisKeys,
  options: LoadJobStatesOptions,
  catalogue: string,
): Promise<LoadedJobStates | null> {
  const { fence, jobs, format, onPage } = options;
  const opening = randomUUID();
  const { term, cursors, definitions, schedules, launched, retired } = keys;
  const states = new ReadStates(keys);
  const changed: Job[] = [];
  const compare = (page: readonly Job[]) => {
    onPage?.();
    return OPEN_TERM.run(
      redis,
      [term, cursors, definitions, schedules, launched, retired, keys.format, keys.opening, keys.catalogue],
      [fence, format, opening, ...page.flatMap(marksOf)],
    );
  };
  for await (const [page, opened] of sentAhead(pagesOf(jobs, JOBS_A_SCRIPT), compare)) {
    if (opened[0] === "fenced") return null;
    if (opened[0] === "newer")
      throw new BellwetherError("BW_FORMAT_NEWER", { found: opened[1], known: format });
    const [, ...values] = opened;
    for (const [i, job] of page.entries()) {
      const [cursor = "", count = ""] = [values[2 * i], values[2 * i + 1]];
      if (cursor === "") {
        changed.push(job);
        states.keepPlace(job.name);
      } else states.note(job.name, cursor, count);
    }
  }
  const write = (page: readonly Job[]) => {
    onPage?.();
    return define(redis, keys, options, page, opening);
  };
  for await (const [page, defined] of sentAhead(pagesOf(changed, DEFINITIONS_A_SCRIPT), write)) {
    if (defined === "fenced") return null;
    // An opening that this leader had given up came late. The newest one is in force.
    if (defined === "late") return loadJobStates(redis, keys, options);
    for (const [i, { name }] of page.entries())
      states.note(name, defined[2 * i] ?? "", defined[2 * i + 1] ?? "");
  }
  await noteDropped(redis, keys, { opening, jobs, defined: states.cursors.size });
  if (states.corrupt.size === 0) await noteCatalogue(redis, keys, { fence, opening, catalogue });
  return states;
}

async function define(
  redis: Redis,
  keys: RedisKeys,
  { fence, nowMs }: LoadJobStatesOptions,
  jobs: readonly Job[],
  opening: string,
): Promise<readonly string[] | "fenced" | "late"> {
  const { term, cursors, definitions, epochs, epochCursors, schedules, launched, calendars } = keys;
  const stored = jobs.map(storedDefinitionOf);
  const covered = new Map(stored.flatMap(({ calendars }) => [...calendars]));
  const { reason, reasonCode } = tellReason({ code: "job_unknown" });
  const [outcome, ...values] = await DEFINE.run(
    redis,
    [
      ...[term, cursors, definitions, epochs, epochCursors, schedules, launched, calendars],
      ...[keys.opening, keys.definitionsVersion],
    ],
    [
      ...[fence, Math.floor(nowMs), HISTORY_CEILING, keys.histories],
      ...[opening, reason, reasonCode, keys.strips, `${keys.tallies}missed/`],
      ...[covered.size, ...[...covered].flat()],
      ...jobs.flatMap((job, i) => {
        const { fingerprint = "", digest = "", legacy = "", json = "" } = stored[i] ?? {};
        return [job.name, fingerprint, digest, legacy, json, justPassed(job, nowMs)];
      }),
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

/** The job states as they are read. What cannot be read is not guessed: a tick could be lost or launched twice. */
class ReadStates implements LoadedJobStates {
  readonly cursors = new Map<string, number>();
  readonly launched = new Map<string, number>();
  readonly corrupt = new Map<string, string>();
  unchecked: readonly Job[] = [];
  readonly #keys: RedisKeys;

  constructor(keys: RedisKeys) {
    this.#keys = keys;
  }

  /** The states are in the order of the jobs, also those of jobs whose definition has to be stored first. */
  keepPlace(job: string): void {
    this.cursors.set(job, 0);
  }

  note(job: string, cursor: string, launched: string): void {
    const [cursorMs, count] = [storedInstant(cursor), storedNumber(launched)];
    if (cursorMs === null) this.#refuse(this.#keys.cursors, job, cursor);
    else if (count === null) this.#refuse(this.#keys.launched, job, launched);
    else {
      this.cursors.set(job, cursorMs);
      if (count > 0) this.launched.set(job, count);
    }
  }

  #refuse(key: string, job: string, found: string): void {
    this.cursors.delete(job);
    this.corrupt.set(job, new BellwetherError("BW_STATE_CORRUPT", { key, job, found }).message);
  }
}
