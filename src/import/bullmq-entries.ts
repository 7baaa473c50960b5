import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** One entry of a BullMQ queue's schedules, as far as Redis shows it. */
export interface BullEntry {
  /** A scheduler's id, or a repeatable's key. */
  readonly key: string;
  /** BullMQ 5.16 and newer call it a job scheduler, older ones and Bull a repeatable job. */
  readonly kind: "scheduler" | "repeatable";
  /** When it is due next, epoch ms. */
  readonly nextMs: number;
  readonly name: string;
  readonly pattern: string | null;
  readonly everyMs: number | null;
  readonly timezone: string | null;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly limit: number | null;
  /** The number of the run that waits to be due, counted from 1. */
  readonly count: number | null;
  readonly data: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  /** False when what its jobs carry could not be found. */
  readonly hasTemplate: boolean;
}

export interface UnreadableEntry {
  readonly key: string;
  readonly problem: string;
}

export type ReadEntry = BullEntry | UnreadableEntry;

/**
 * Reads the schedules of a queue, of any version of BullMQ and of Bull, with commands that only read.
 *
 * BullMQ's own `getJobSchedulers()` is not used: it deletes entries that it cannot read, and gives up at the first
 * repeatable of an older version. The layout: a sorted set `<prefix>:<queue>:repeat` holds each key with the time at
 * which it is due next, and a hash `<prefix>:<queue>:repeat:<key>` what there is to know about it. Older
 * versions have no hash, and a key that says it all: `name:jobId:endDate:tz:pattern`.
 */
export async function readBullEntries(redis: Redis, prefix: string, queue: string): Promise<ReadEntry[]> {
  const base = `${prefix}:${queue}`;
  const rows = await redis.zrange(`${base}:repeat`, "0", "-1", "WITHSCORES");
  const entries: ReadEntry[] = [];
  for (let index = 0; index < rows.length; index += 2) {
    const key = rows[index] ?? "";
    const nextMs = Number(rows[index + 1]);
    const hash = await redis.hgetall(`${base}:repeat:${key}`);
    // Only job schedulers count their iterations.
    if ("ic" in hash) entries.push(schedulerOf(key, nextMs, hash));
    else entries.push(await readRepeatable(redis, base, { key, nextMs, hash }));
  }
  return entries;
}

type Fields = Readonly<Record<string, string>>;

function schedulerOf(key: string, nextMs: number, hash: Fields): BullEntry {
  return {
    kind: "scheduler",
    ...timingOf(key, nextMs, hash),
    startMs: numberOf(hash["startDate"]),
    limit: numberOf(hash["limit"]),
    count: numberOf(hash["ic"]),
    data: parseJson(hash["data"]) ?? {},
    options: recordOf(parseJson(hash["opts"])),
    hasTemplate: true,
  };
}

function timingOf(key: string, nextMs: number, fields: Fields) {
  return {
    key,
    nextMs,
    name: fields["name"] ?? key,
    pattern: fields["pattern"] || null,
    everyMs: numberOf(fields["every"]),
    timezone: fields["tz"] || null,
    endMs: numberOf(fields["endDate"]),
  };
}

interface Repeatable {
  readonly key: string;
  readonly nextMs: number;
  readonly hash: Fields;
}

async function readRepeatable(
  redis: Redis,
  base: string,
  { key, nextMs, hash }: Repeatable,
): Promise<ReadEntry> {
  const fields = "name" in hash ? hash : fieldsOfKey(key);
  if (fields === null) {
    const problem = "its key is a hash, and nothing is stored beside it: look into the code that adds it";
    return { key, problem };
  }
  const waiting =
    (await findWaitingJob(redis, base, nextMs, waitingIdsOf(key, fields["name"] ?? ""))) ??
    (await searchWaitingJob(redis, base, key, nextMs));
  const repeat = recordOf(waiting?.options["repeat"]);
  const timing = timingOf(key, nextMs + (numberOf(repeat["offset"]) ?? 0), fields);
  return {
    kind: "repeatable",
    ...timing,
    name: waiting?.name ?? timing.name,
    startMs: instantOf(repeat["startDate"]),
    limit: numberOf(repeat["limit"]),
    count: numberOf(repeat["count"]),
    data: waiting?.data ?? {},
    options: waiting?.options ?? {},
    hasTemplate: waiting !== null,
  };
}

/** `name:jobId:endDate:tz:pattern` or `…:every`; Bull leaves `tz:` out before a period. Ids may hold colons. */
const KEY_OF_BULLMQ = /^(?<owner>[^:]*:.*):(?<endDate>\d*):(?<tz>[^:]*):(?<when>[^:]*)$/;
const KEY_OF_BULL = /^(?<owner>[^:]*:.*):(?<endDate>\d*):(?<when>\d+)$/;

function fieldsOfKey(key: string): Fields | null {
  const {
    owner = "",
    endDate = "",
    tz = "",
    when = "",
  } = (KEY_OF_BULLMQ.exec(key) ?? KEY_OF_BULL.exec(key))?.groups ?? {};
  const isPeriod = /^\d+$/.test(when);
  if (!isPeriod && !/\S\s+\S/.test(when)) return null;
  return { name: owner.split(":")[0] ?? "", endDate, tz, [isPeriod ? "every" : "pattern"]: when };
}

interface WaitingJob {
  readonly name: string;
  readonly data: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The job that an older version has put there for the next time: it alone has the data. Null when it was removed. */
async function findWaitingJob(
  redis: Redis,
  base: string,
  nextMs: number,
  ids: readonly string[],
): Promise<WaitingJob | null> {
  for (const id of ids) {
    const [name, data, options] = await redis.hmget(`${base}:repeat:${id}:${nextMs}`, "name", "data", "opts");
    if (name !== null && name !== undefined)
      return { name, data: parseJson(data), options: recordOf(parseJson(options)) };
  }
  return null;
}

/** How many jobs are looked at in each place. */
const MAX_SEARCHED = 1_000;
/** The scores of delayed jobs are their times, shifted by this factor. */
const DELAYED_FACTOR = 0x1000;

/**
 * The same job by the key that it names (`rjk`), among those that wait. When a repeatable has a key of its own
 * (`repeat.key`), its job's id is a hash of what is in the job's data.
 */
async function searchWaitingJob(
  redis: Redis,
  base: string,
  key: string,
  nextMs: number,
): Promise<WaitingJob | null> {
  const [from, to] = [nextMs * DELAYED_FACTOR, (nextMs + 1) * DELAYED_FACTOR - 1].map(String) as [
    string,
    string,
  ];
  const lists = await Promise.all([
    redis.zrangebyscore(`${base}:delayed`, from, to, "LIMIT", 0, MAX_SEARCHED),
    redis.lrange(`${base}:wait`, -MAX_SEARCHED, -1),
    redis.lrange(`${base}:paused`, -MAX_SEARCHED, -1),
  ]);
  const found = /^repeat:(?<id>.+):(?<nextMs>\d+)$/;
  for (const jobId of lists.flat()) {
    const { id = "", nextMs: at } = found.exec(jobId)?.groups ?? {};
    if (Number(at) !== nextMs || (await redis.hget(`${base}:${jobId}`, "rjk")) !== key) continue;
    return await findWaitingJob(redis, base, nextMs, [id]);
  }
  return null;
}

/** Of a key; each pair of colons costs a few questions. */
const MAX_PARTS = 10;

/**
 * The part for a repeatable in the ids of its jobs. In BullMQ 5 it is the key itself. In older versions it is a hash of
 * name, id and the key's hash, in a form of each version's own. Name and id may hold colons, as the key does between
 * them, so each colon may be the separator.
 */
function waitingIdsOf(key: string, owner: string): string[] {
  const keyHash = md5(key);
  const parts = key.split(":").slice(0, MAX_PARTS);
  const hashed = parts.flatMap((_, index) => {
    const name = parts.slice(0, index + 1).join(":");
    const ids = parts
      .slice(index + 1)
      .map((_, length) => parts.slice(index + 1, index + 2 + length).join(":"));
    const plain = `${name}:${keyHash}`;
    return [
      plain,
      ...["", ...ids].flatMap(id => [md5(`${name}${id}${keyHash}`), md5(`${name}${id}:${keyHash}`)]),
    ];
  });
  return [...new Set([key, md5(`${owner}${keyHash}`), ...hashed])];
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function numberOf(value: unknown): number | null {
  const number = value === "" || value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Older versions keep what they were given: a number, or a text. */
function instantOf(value: unknown): number | null {
  const number = numberOf(value);
  if (number !== null || typeof value !== "string") return number;
  return numberOf(Date.parse(value));
}

function parseJson(text: string | null | undefined): unknown {
  if (text === null || text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
