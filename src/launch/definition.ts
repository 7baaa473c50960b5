import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedJson } from "../redis/stored-value.ts";
import { createSchedule } from "../schedule/create-schedule.ts";
import { restoreSpec, SCHEDULE_RULES, STORED_FIELDS, storeSpec } from "../schedule/stored-spec.ts";

/** What decides about the ticks of a job. A change of any of it begins a new epoch. */
export type TickRules = Pick<
  Job,
  "spec" | "schedule" | "catchUp" | "catchUpWindowMs" | "catchUpLimit" | "maxRuns"
>;

/** A job as the last leader knew it, for callers whose own configuration lacks it. Data and handler are not in it. */
export interface Definition extends TickRules, Pick<Job, "scheduleText" | "queue" | "overlap"> {
  readonly job: string;
  /** Of the epoch in force; grows with each change of the rules. */
  readonly number: number;
  /** The epoch's ticks lie after this (epoch ms). */
  readonly fromMs: number;
}

/** A job as define.lua writes it. */
export interface StoredDefinition {
  /** Equal for two jobs whose ticks are decided in the same way. */
  readonly fingerprint: string;
  /** Equal when everything that is stored is. */
  readonly digest: string;
  /** What releases that know no epochs keep of a schedule. */
  readonly legacy: string;
  readonly json: string;
  /** By digest, the calendars that the JSON names, as JSON. */
  readonly calendars: ReadonlyMap<string, string>;
}

const storedDefinitions = new WeakMap<Job, StoredDefinition>();

export function storedDefinitionOf(job: Job): StoredDefinition {
  const known = storedDefinitions.get(job);
  if (known !== undefined) return known;
  const { schedule, catchUp, catchUpWindowMs, catchUpLimit, maxRuns, scheduleText, queue, overlap } = job;
  const { spec, calendars } = storeSpec(job.spec);
  // What a policy does not look at is no change of it.
  const rules = [
    ...[SCHEDULE_RULES, schedule.fingerprint, schedule.jitterMs, maxRuns, catchUp],
    ...[catchUp === "none" ? null : finite(catchUpWindowMs), catchUp === "all" ? finite(catchUpLimit) : null],
  ];
  const json = JSON.stringify({
    rules: SCHEDULE_RULES,
    spec,
    catchUp,
    catchUpWindowMs: finite(catchUpWindowMs),
    catchUpLimit: finite(catchUpLimit),
    maxRuns,
    scheduleText,
    queue,
    overlap,
  });
  const stored: StoredDefinition = {
    fingerprint: digestOf(JSON.stringify(rules)),
    digest: digestOf(json),
    legacy: maxRuns === null ? schedule.fingerprint : `${schedule.fingerprint} ${maxRuns}`,
    json,
    calendars: new Map(
      [...calendars].map(([canonical, { coverage }]) => [canonical, JSON.stringify(coverage)]),
    ),
  };
  storedDefinitions.set(job, stored);
  return stored;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

const amount = z.number().nullable();
const definitionJson = z.object({
  rules: z.literal(SCHEDULE_RULES),
  spec: z.object({
    ...STORED_FIELDS,
    timezone: z.string(),
    dst: z.object({ gap: z.enum(["run", "skip"]), overlap: z.enum(["first", "both"]) }),
    startMs: z.number().exactOptional(),
    endMs: z.number().exactOptional(),
    except: z.array(z.string()),
    jitterMs: z.number(),
    seed: z.string(),
    calendars: z.record(z.string(), z.string()).exactOptional(),
  }),
  catchUp: z.enum(["none", "latest", "all"]),
  catchUpWindowMs: amount.transform(value => value ?? Number.POSITIVE_INFINITY),
  catchUpLimit: amount.transform(value => value ?? Number.POSITIVE_INFINITY),
  maxRuns: amount,
  scheduleText: z.string(),
  queue: z.string(),
  overlap: z.enum(["allow", "skip", "queue"]),
});

const coverageJson = z.array(z.array(z.number()));

/** The definitions of these jobs, or of all that are known, by name. What this release cannot read is left out. */
export async function readDefinitions(
  redis: Redis,
  keys: RedisKeys,
  jobs?: readonly string[],
): Promise<ReadonlyMap<string, Definition>> {
  const lines = await readLines(redis, keys, jobs);
  const restored = await restoreDefinitions(redis, keys, lines);
  return new Map(restored.flatMap(definition => (definition ? [[definition.job, definition]] : [])));
}

async function readLines(redis: Redis, keys: RedisKeys, jobs: readonly string[] | undefined) {
  const known = jobs ? [] : Object.entries(await redis.hgetall(keys.definitions));
  if (!jobs?.length) return known.map(([job, line]) => ({ job, line }));
  const found = await redis.hmget(keys.definitions, ...jobs);
  return jobs.flatMap((job, i) => (found[i] ? [{ job, line: found[i] }] : []));
}

/** One for each line, in order; null for what this release cannot read. */
export async function restoreDefinitions(
  redis: Redis,
  keys: RedisKeys,
  stored: readonly { readonly job: string; readonly line: string }[],
): Promise<(Definition | null)[]> {
  const parsed = stored.map(({ job, line }) => ({ job, ...parseLine(line) }));
  const digests = [...new Set(parsed.flatMap(({ json }) => Object.values(json?.spec.calendars ?? {})))];
  const found = digests.length === 0 ? [] : await redis.hmget(keys.calendars, ...digests);
  const calendars = new Map(digests.map((digest, i) => [digest, storedJson(found[i], coverageJson)]));
  return parsed.map(({ job, number, fromMs, json }) => {
    if (json === null) return null;
    const spec = restoreSpec(json.spec, digest => calendars.get(digest) ?? null);
    const created = spec === null ? null : createSchedule(spec);
    if (spec === null || !created?.ok) return null;
    return { ...json, job, number, fromMs, spec, schedule: created.schedule };
  });
}

/** `fingerprint|digest|legacy|number|from|json`, as define.lua writes it. */
const LINE = /^[0-9a-f]+\|[0-9a-f]+\|[^|]*\|(\d+)\|(-?\d+)\|(.*)$/s;

function parseLine(line: string) {
  const [, number = "0", from = "0", text = ""] = LINE.exec(line) ?? [];
  return { number: Number(number), fromMs: Number(from), json: storedJson(text, definitionJson) };
}
