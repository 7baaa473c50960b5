import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { tellReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedNumber } from "../redis/stored-value.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { HISTORY_ENTRIES } from "./history.ts";
import { type HistoryRecord, historyRecordOf } from "./history-record.ts";
import { pagesOf } from "./pages.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

const END_RECORDS_LUA = new URL("./end-records.lua", import.meta.url);

const EVENTS_A_SCRIPT = 500;
const RUNS_A_SCRIPT = 200;
/** Full histories of ten jobs hold the event loop up for some 30 ms. */
const JOBS_A_PAGE = 10;

const count = z.string().transform(text => storedNumber(text) ?? 0);
const endReply = z.tuple([
  z.string(),
  z.string(),
  z.enum(["completed", "failed", "unknown"]),
  count,
  count,
  z.string(),
]);
const takeReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("gap"), z.string()]),
  z.tuple([z.literal("taken"), z.string(), z.string()]).rest(endReply),
]);
const settleReply = z.union([
  z.tuple([z.enum(["fenced", "moved"])]),
  z.tuple([z.literal("settled")]).rest(endReply),
]);
const TAKE = new Script(
  takeReply,
  UNFINISHED_LUA,
  STRIPS_LUA,
  END_RECORDS_LUA,
  new URL("./take-ends.lua", import.meta.url),
);
const SETTLE = new Script(
  settleReply,
  UNFINISHED_LUA,
  STRIPS_LUA,
  END_RECORDS_LUA,
  new URL("./settle-ends.lua", import.meta.url),
);
const FORGET = new Script(z.unknown(), new URL("./forget.lua", import.meta.url));

const streamFacts = z
  .object({ "last-generated-id": z.string(), "entries-added": z.number().default(0) })
  .transform(facts => ({ id: facts["last-generated-id"], added: facts["entries-added"] }));

/** How a run ended that another program worked off. */
export interface ForeignEnd {
  readonly job: string;
  readonly run: string;
  /** `unknown`: its events were trimmed, and BullMQ does not have it any more. */
  readonly result: "completed" | "failed" | "unknown";
  /** 0 where BullMQ does not have the run any more, as `durationMs` is. */
  readonly attempts: number;
  readonly durationMs: number;
  readonly error: string;
}

export type TakenEnds =
  | { readonly outcome: "fenced" }
  /** Events behind the position may have been trimmed: settle, then go on. The position is empty where none is known. */
  | { readonly outcome: "gap"; readonly position: string }
  | {
      readonly outcome: "taken";
      readonly position: string;
      readonly ends: readonly ForeignEnd[];
      /** There may be more events. */
      readonly isCut: boolean;
    };

export interface QueueEndsOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly place: QueuePlace;
  /** Of the term in which the ends are recorded. */
  readonly fence: string;
  /** How many entries a history keeps (`history.perJob`); 500 by default. */
  readonly perJob?: number;
}

/** How the runs of a queue end that other programs work off, as BullMQ's event stream and the jobs themselves say. */
export class QueueEnds {
  /** Which queue it is. */
  readonly base: string;
  readonly #options: QueueEndsOptions;

  constructor(options: QueueEndsOptions) {
    this.#options = options;
    this.base = baseOf(options.place);
  }

  /** Where the events are read on, as all terms before have left it; empty where none has read them. */
  async position(): Promise<string> {
    const { redis, keys } = this.#options;
    return (await redis.hget(keys.eventPositions, this.base)) ?? "";
  }

  /**
   * Records the next ends from the event stream. `received`: the position of the last answer of this term. When an answer was
   * lost, the same call answers with the same ends, and records none of them again.
   */
  async take(received: string): Promise<TakenEnds> {
    const { redis, keys, place, fence, perJob = HISTORY_ENTRIES } = this.#options;
    const reply = await TAKE.run(
      redis,
      [keys.term, keys.eventPositions, this.#events, keys.definitions, keys.failing],
      [
        ...[fence, this.base, place.runPrefix, keys.histories, perJob, EVENTS_A_SCRIPT, received],
        ...[keys.strips, keys.tallies],
      ],
    );
    if (reply[0] === "fenced") return { outcome: "fenced" };
    if (reply[0] === "gap") return { outcome: "gap", position: reply[1] };
    const [, position, more, ...ends] = reply;
    return { outcome: "taken", position, ends: ends.map(endOf), isCut: more === "1" };
  }

  /**
   * Records the ends of these jobs' runs whose events were trimmed, and reads the events from now on. Null when another term is
   * in force, or the position is not the one that the caller found. Where the answer is lost, the ends are recorded and not
   * answered again.
   */
  async settle(jobs: readonly Pick<Job, "name">[], position: string): Promise<readonly ForeignEnd[] | null> {
    const { redis, keys, fence, perJob = HISTORY_ENTRIES } = this.#options;
    const newest = await this.#newestEvent();
    const pages = pagesOf(await this.#openRuns(jobs), RUNS_A_SCRIPT);
    const { reason, reasonCode } = tellReason({ code: "end_unknown" });
    const found: ForeignEnd[] = [];
    for (const [i, page] of (pages.length === 0 ? [[]] : pages).entries()) {
      const next = i >= pages.length - 1 ? newest.id : "";
      const reply = await SETTLE.run(
        redis,
        [keys.term, keys.eventPositions, this.#events, keys.failing],
        [
          ...[fence, this.base, position, next, newest.added, perJob, reason, reasonCode],
          ...[keys.strips, keys.tallies],
          ...page.flatMap(({ job, run }) => [job, keys.history(job), run]),
        ],
      );
      if (reply[0] !== "settled") return null;
      const [, ...ends] = reply;
      found.push(...ends.map(endOf));
    }
    return found;
  }

  /** Gives the position up, if there is one: replicas work the queue off, and record by themselves how its runs end. */
  async forget(): Promise<void> {
    const { redis, keys, fence } = this.#options;
    if ((await this.position()) === "") return;
    const fields = ["", " added", " settled"].map(name => `${this.base}${name}`);
    await FORGET.run(redis, [keys.term, keys.eventPositions], [fence, ...fields]);
  }

  get #events(): string {
    return `${this.base}:events`;
  }

  /** The id of the event that was added last, and how many have been added; `0-0` where there was none. */
  async #newestEvent(): Promise<{ readonly id: string; readonly added: number }> {
    const { redis } = this.#options;
    if ((await redis.exists(this.#events)) === 0) return { id: "0-0", added: 0 };
    const facts = await redis.xinfo("STREAM", this.#events);
    return streamFacts.parse(Object.fromEntries(pagesOf(z.array(z.unknown()).parse(facts), 2)));
  }

  /** The runs in the queue that the histories of these jobs know the beginning of, and not the end. */
  async #openRuns(jobs: readonly Pick<Job, "name">[]) {
    const { redis, keys, place } = this.#options;
    const open: { readonly job: string; readonly run: string }[] = [];
    for (const page of pagesOf(jobs, JOBS_A_PAGE)) {
      const histories = await Promise.all(
        page.map(async ({ name }) => [
          ...(await redis.xrange(keys.keptHistory(name), "-", "+")),
          ...(await redis.xrange(keys.history(name), "-", "+")),
        ]),
      );
      for (const [i, entries] of histories.entries()) {
        const job = page[i]?.name ?? "";
        for (const run of unfinishedIn(entries)) if (isIn(place, job, run)) open.push({ job, run });
      }
    }
    return open;
  }
}

function unfinishedIn(entries: readonly (readonly [string, readonly string[]])[]): readonly string[] {
  const records = entries.flatMap(([, flat]) => historyRecordOf(flat) ?? []);
  const isEnd = ({ kind }: HistoryRecord) => kind === "end" || kind === "loss";
  const ended = new Set(records.filter(isEnd).map(({ record }) => ("run" in record ? record.run : "")));
  return records.flatMap(({ kind, record }) => {
    const run = kind === "decision" && record.outcome === "launched" ? record.run : undefined;
    return run === undefined || ended.has(run) ? [] : [run];
  });
}

/** The job may have had another queue, where the ids of its runs began with something else. */
function isIn({ runPrefix }: QueuePlace, job: string, run: string): boolean {
  return run.startsWith(`${runPrefix}${job}@`);
}

function endOf([job, run, result, attempts, durationMs, error]: z.output<typeof endReply>): ForeignEnd {
  return { job, run, result, attempts, durationMs, error };
}
