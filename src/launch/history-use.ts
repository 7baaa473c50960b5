import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import type { Pass, PassMode, Sample } from "./history-budget.ts";
import { pagesOf } from "./pages.ts";

/** What the histories take together, as the leader has found it last. */
export interface HistoryUse {
  readonly bytes: number;
  /** How far `bytes` may be off in 19 of 20 cases; 0 when every job was measured. */
  readonly errorBytes: number;
  /** Entries of all histories: a launched tick mostly has two. */
  readonly entries: number;
  readonly jobs: number;
  readonly measuredAtMs: number;
  /** Null without a limit. */
  readonly budgetBytes: number | null;
  /** Rows that were folded into hourly counts, ever: completed runs. */
  readonly folded: number;
  /** The same of failed, lost, skipped and missed ones. */
  readonly dropped: number;
  /** The budget is exceeded, and nothing is left to cut. */
  readonly isOver: boolean;
}

/** A pass over all histories that has begun. */
export interface PassUnderWay extends Pass {
  readonly budgetBytes: number | null;
  readonly perJob: number;
  /** Where its page of the jobs begins (HSCAN), and how many of the page are finished. */
  readonly page: string;
  readonly done: number;
  readonly bytes: number;
  readonly entries: number;
  readonly jobs: number;
  readonly folded: number;
  readonly dropped: number;
}

export interface UseState {
  readonly use: HistoryUse | null;
  readonly pass: PassUnderWay | null;
  /** When every job was measured last. */
  readonly countedAtMs: number | null;
  /** How many entries the histories were trimmed to last. */
  readonly perJob: number | null;
}

const MODES: readonly PassMode[] = ["measure", "fold", "drop"];

/** What the last leader has found, and how far it has come; for everybody who asks. Reads and nothing else. */
export async function readHistoryUse(redis: Redis, keys: RedisKeys): Promise<UseState> {
  const stored = await redis.hgetall(keys.historyUse);
  const number = (name: string) => storedNumber(stored[name]);
  const sum = (name: string) => number(name) ?? 0;
  const measuredAtMs = storedInstant(stored["measuredAt"]);
  const mode = MODES.find(one => one === stored["mode"]);
  return {
    use:
      measuredAtMs === null
        ? null
        : {
            bytes: sum("usedBytes"),
            errorBytes: sum("errorBytes"),
            entries: sum("usedEntries"),
            jobs: sum("usedJobs"),
            measuredAtMs,
            budgetBytes: number("budget"),
            folded: sum("folded"),
            dropped: sum("dropped"),
            isOver: stored["over"] === "1",
          },
    pass:
      mode === undefined
        ? null
        : {
            mode,
            level: sum("level"),
            budgetBytes: number("passBudget"),
            perJob: sum("passPerJob"),
            page: stored["page"] ?? "0",
            done: sum("done"),
            bytes: sum("bytes"),
            entries: sum("entries"),
            jobs: sum("jobs"),
            folded: sum("foldedNow"),
            dropped: sum("droppedNow"),
          },
    countedAtMs: number("countedAt"),
    perJob: number("perJob"),
  };
}

const reply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("done"), z.number(), z.number(), z.number()]).rest(z.number()),
]);
const FOLD = new Script(reply, new URL("./fold-history.lua", import.meta.url));

/** Each job is some 4 µs of Redis's time, and each cut some 700 µs: a script stays below 4 ms. */
const JOBS_A_SCRIPT = 100;
const CUTS_A_SCRIPT = 4;
/** Below the budget nothing more than these is measured. */
const SAMPLED_JOBS = 300;
/** Entries that stay at the newer end: lists read the last tick and run of a job from them. */
const FLOOR = { sample: 0, measure: 0, fold: 20, drop: 4 } as const;
const HOUR_BYTES = 50;
const MAX_HOURS = 120;
const MIN_HOURS = 4;
/** Kept rows of a job that no leader has cut for this long expire: an older release retires jobs and does not know of them. */
const STAY_MS = 400 * 86_400_000;

export type Names = Readonly<Record<string, string | number>>;

export interface HistoriesOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  /** Of the term in which they are measured and folded. */
  readonly fence: string;
  /** The store's time. */
  readonly nowMs: () => number;
}

/** The histories of a namespace, as the leader of a term measures and folds them. Null: a newer term is in force. */
export class Histories {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #fence: string;
  readonly #nowMs: () => number;

  constructor({ redis, keys, fence, nowMs }: HistoriesOptions) {
    this.#redis = redis;
    this.#keys = keys;
    this.#fence = fence;
    this.#nowMs = nowMs;
  }

  read(): Promise<UseState> {
    return readHistoryUse(this.#redis, this.#keys);
  }

  /** Some jobs, or all where there are few. */
  async sample(): Promise<Sample | null> {
    const [jobs, names] = await Promise.all([
      this.#redis.hlen(this.#keys.cursors),
      this.#redis.hrandfield(this.#keys.cursors, SAMPLED_JOBS),
    ]);
    const bytes: number[] = [];
    const entries: number[] = [];
    const nothing: Pass = { mode: "measure", level: 0 };
    for (const page of pagesOf(z.array(z.string()).parse(names ?? []), JOBS_A_SCRIPT)) {
      const found = await this.#run("sample", { ...nothing, perJob: 0 }, page, {});
      if (found === null) return null;
      bytes.push(...found.bytes);
      entries.push(...found.entries);
    }
    return { jobs, bytes, entries };
  }

  /** The jobs of a page of the namespace's, and where the next one begins; "0" after the last one. */
  async page(from: string): Promise<{ readonly jobs: readonly string[]; readonly next: string }> {
    const [next, flat] = await this.#redis.hscan(this.#keys.cursors, from, "COUNT", JOBS_A_SCRIPT);
    return { jobs: flat.filter((_, i) => i % 2 === 0), next };
  }

  /** Goes on with a pass: returns how many of these jobs are finished. `noted` is written first. */
  async tend(
    pass: Pass & { readonly perJob: number },
    jobs: readonly string[],
    noted: Names,
  ): Promise<number | null> {
    const found = await this.#run(pass.mode, pass, jobs.slice(0, JOBS_A_SCRIPT), noted);
    return found?.done ?? null;
  }

  /** Writes down where the leader is. False: a newer term is in force. */
  async note(noted: Names): Promise<boolean> {
    return (await this.#run("measure", { mode: "measure", level: 0, perJob: 0 }, [], noted)) !== null;
  }

  async #run(
    what: keyof typeof FLOOR,
    { level, perJob }: Pass & { readonly perJob: number },
    jobs: readonly string[],
    noted: Names,
  ) {
    const keys = this.#keys;
    const hours = Math.min(MAX_HOURS, Math.max(MIN_HOURS, Math.floor(level / 2 / HOUR_BYTES)));
    const nowMs = Math.floor(this.#nowMs());
    const answer = await FOLD.run(
      this.#redis,
      [
        ...[keys.term, keys.historyUse],
        ...jobs.flatMap(job => [
          ...[keys.history(job), keys.keptHistory(job), keys.historyHours(job), keys.unfinished(job)],
        ]),
      ],
      [
        ...[this.#fence, what, level, perJob, nowMs, FLOOR[what], hours, CUTS_A_SCRIPT, STAY_MS],
        ...Object.entries(noted).flat(),
      ],
    );
    if (answer[0] === "fenced") return null;
    const [, done, , , ...sizes] = answer;
    return {
      done,
      bytes: sizes.filter((_, i) => i % 2 === 0),
      entries: sizes.filter((_, i) => i % 2 === 1),
    };
  }
}
