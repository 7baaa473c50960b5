import { hash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { AlikeTexts } from "../config/alike-texts.ts";
import type { Job } from "../config/config.ts";
import { describeHandler } from "../config/describe-handler.ts";
import type { HashReads } from "../redis/gathered-reads.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedJson } from "../redis/stored-value.ts";
import { BoundedCache } from "../schedule/bounded-cache.ts";
import { createSchedule } from "../schedule/create-schedule.ts";
import { restoreSpec, SCHEDULE_RULES, STORED_FIELDS, storeSpec } from "../schedule/stored-spec.ts";

/** What decides about the ticks of a job. A change of any of it begins a new epoch. */
export type TickRules = Pick<
  Job,
  "spec" | "schedule" | "catchUp" | "catchUpWindowMs" | "catchUpLimit" | "maxRuns"
>;

/** A job as the last leader knew it, for callers whose own configuration lacks it. Its data is not in it. */
export interface Definition extends TickRules, Pick<Job, "scheduleText" | "queue" | "overlap"> {
  readonly job: string;
  /** What does its work, for people; null where it has no handler, and where an earlier release has stored it. */
  readonly handler: string | null;
  /** Of the epoch in force; grows with each change of the rules. */
  readonly number: number;
  /** The epoch's ticks lie after this (epoch ms). */
  readonly fromMs: number;
}

/** By these the stored definition of a job is found to be its own, or not. */
export interface DefinitionMarks {
  /** Equal for two jobs whose ticks are decided in the same way. */
  readonly fingerprint: string;
  /** Equal when everything that is stored is. */
  readonly digest: string;
  /** What releases that know no epochs keep of a schedule. */
  readonly legacy: string;
}

/** A job as define.lua writes it. */
export interface StoredDefinition extends DefinitionMarks {
  readonly json: string;
  /** By digest, the calendars that the JSON names, as JSON. */
  readonly calendars: ReadonlyMap<string, string>;
}

/** By rules, so that jobs with the same ones share the text. */
const fingerprints = new BoundedCache<string>(10_000);

/** Not remembered: a leader compares them once for each configuration, and very many jobs would keep much memory. */
export function definitionMarksOf(job: Job): DefinitionMarks {
  const { fingerprint, digest, legacy } = markedJsonOf(job);
  return { fingerprint, digest, legacy };
}

export function storedDefinitionOf(job: Job): StoredDefinition {
  const calendars = [...storeSpec(job.spec).calendars].map(
    ([canonical, { coverage }]) => [canonical, JSON.stringify(coverage)] as const,
  );
  return { ...markedJsonOf(job), calendars: new Map(calendars) };
}

const alikeTexts = new AlikeTexts(jsonOf, 1);
/** By the first of the jobs that are alike, what is the same for all of them. */
const alikeMarks = new WeakMap<Job, Omit<DefinitionMarks, "digest">>();

function markedJsonOf(job: Job): Omit<StoredDefinition, "calendars"> {
  const alike = alikeTexts.of(job);
  const first = alike?.first ?? job;
  const marks = alikeMarks.get(first) ?? { fingerprint: fingerprintOf(first), legacy: legacyOf(first) };
  alikeMarks.set(first, marks);
  const json = alike?.pieces.join(JSON.stringify(job.spec.seed)) ?? jsonOf(job);
  return { fingerprint: marks.fingerprint, digest: digestOf(json), legacy: marks.legacy, json };
}

function legacyOf({ schedule, maxRuns }: Job): string {
  return maxRuns === null ? schedule.fingerprint : `${schedule.fingerprint} ${maxRuns}`;
}

/** What a policy does not look at is no change of it. */
function fingerprintOf({ schedule, catchUp, catchUpWindowMs, catchUpLimit, maxRuns }: Job): string {
  const rules = JSON.stringify([
    ...[SCHEDULE_RULES, schedule.fingerprint, schedule.jitterMs, maxRuns, catchUp],
    ...[catchUp === "none" ? null : finite(catchUpWindowMs), catchUp === "all" ? finite(catchUpLimit) : null],
  ]);
  const fingerprint = fingerprints.get(rules) ?? digestOf(rules);
  fingerprints.put(rules, fingerprint);
  return fingerprint;
}

function jsonOf(job: Job): string {
  const { catchUp, catchUpWindowMs, catchUpLimit, maxRuns, scheduleText, queue, overlap } = job;
  return JSON.stringify({
    rules: SCHEDULE_RULES,
    spec: storeSpec(job.spec).spec,
    catchUp,
    catchUpWindowMs: finite(catchUpWindowMs),
    catchUpLimit: finite(catchUpLimit),
    maxRuns,
    scheduleText,
    queue,
    overlap,
    handler: describeHandler(job.handler),
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function digestOf(text: string): string {
  return hash("sha256", text, "hex").slice(0, 16);
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
  handler: z.string().nullable().default(null),
});

const coverageJson = z.array(z.array(z.number()));

/** The definitions of these jobs, or of all that are known, by name. What this release cannot read is left out. */
export async function readDefinitions(
  redis: Redis,
  keys: RedisKeys,
  jobs?: readonly string[],
): Promise<ReadonlyMap<string, Definition>> {
  const lines = await readDefinitionLines(redis, keys, jobs);
  const restored = await restoreDefinitions(redis, keys, lines);
  return new Map(restored.flatMap(definition => (definition ? [[definition.job, definition]] : [])));
}

/** Equal as long as no leader of a release that counts versions has changed a definition. */
export async function readDefinitionsVersion(redis: Redis, keys: RedisKeys): Promise<string> {
  const [version, opening, count] = await Promise.all([
    redis.get(keys.definitionsVersion),
    redis.get(keys.opening),
    redis.hlen(keys.definitions),
  ]);
  return `${version ?? ""} ${opening ?? ""} ${count}`;
}

/** The definitions of these jobs, or of all that are known, as they are stored. */
export async function readDefinitionLines(redis: Redis, keys: RedisKeys, jobs?: readonly string[]) {
  const known = jobs ? [] : Object.entries(await redis.hgetall(keys.definitions));
  if (!jobs?.length) return known.map(([job, line]) => ({ job, line }));
  const found = await redis.hmget(keys.definitions, ...jobs);
  return jobs.flatMap((job, i) => (found[i] ? [{ job, line: found[i] }] : []));
}

/** One for each line, in order; null for what this release cannot read. */
export async function restoreDefinitions(
  redis: HashReads,
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
const LINE = /^[0-9a-f]+\|([0-9a-f]+)\|[^|]*\|(\d+)\|(-?\d+)\|(.*)$/s;

/** Which definition a line holds, and the epoch that is in force. */
export function placeOfLine(line: string) {
  const [, digest = "", number = "0", from = "0", text = ""] = LINE.exec(line) ?? [];
  return { digest, number: Number(number), fromMs: Number(from), text };
}

function parseLine(line: string) {
  const { number, fromMs, text } = placeOfLine(line);
  return { number, fromMs, json: storedJson(text, definitionJson) };
}
