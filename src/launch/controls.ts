import type { Redis } from "ioredis";
import { z } from "zod";
import type { HashReads } from "../redis/gathered-reads.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedJson, storedNumber } from "../redis/stored-value.ts";
import type { PastPause } from "../schedule/planned-job.ts";
import { AUDIT_ENTRIES } from "./history.ts";

/** Functions for the scripts that end pauses: put this file before theirs. */
export const PAST_PAUSES_LUA = new URL("./past-pauses.lua", import.meta.url);

const endReply = z.tuple([z.enum(["fenced", "ended"])]).rest(z.string());
const END_PAUSES = new Script(endReply, PAST_PAUSES_LUA, new URL("./end-pauses.lua", import.meta.url));
const checkReply = z.tuple([z.string(), z.string()]);
const CHECK = new Script(checkReply, new URL("./check-controls.lua", import.meta.url));

/** What a leader asks again and again while nothing is due. */
export interface ControlsCheck {
  /** Of the controls in force. */
  readonly version: number;
  /** Id of the newest entry of the audit; empty where there is none. */
  readonly newestAct: string;
}

/** What operators have asked for and what is in force: until it is carried out, or taken back. */
export interface Controls {
  /** Grows with each command. A launch that was planned under an older one is void. */
  readonly version: number;
  /** The term whose leader is to step down, or null. */
  readonly stepDown: number | null;
  /** Who asked for that; empty where it is not known. */
  readonly stepDownBy: string;
  readonly paused: ReadonlyMap<string, Pause>;
  /** By job, its last pauses that have ended, oldest first. */
  readonly pastPauses: ReadonlyMap<string, readonly PastPause[]>;
  /** By job, the ticks that are to be skipped (epoch ms); those that are decided already may still be named. */
  readonly skips: ReadonlyMap<string, readonly number[]>;
}

export interface Pause {
  /** Epoch ms, store time. */
  readonly atMs: number;
  /** Who paused the job. */
  readonly by: string;
  /** When it ends by itself (epoch ms, store time); null: it lasts until the job is resumed. */
  readonly untilMs: number | null;
  /** Why, where the operator said so. */
  readonly reason: string | null;
}

export const NO_CONTROLS: Controls = {
  version: 0,
  stepDown: null,
  stepDownBy: "",
  paused: new Map(),
  pastPauses: new Map(),
  skips: new Map(),
};

/** Field of the hash that holds the version of the controls. */
export const VERSION_FIELD = "version";
const PAUSE = "pause:";
const PAST_PAUSES = "paused:";
const SKIP = "skip:";

/** Whether the field holds a control that is in force until it is carried out or taken back. */
export function isKeptControl(field: string): boolean {
  return field.startsWith(PAUSE) || field.startsWith(SKIP);
}

/** Reads all controls in force; there are as many as jobs that are paused or have a tick to skip. */
export async function readControls(redis: HashReads, keys: RedisKeys): Promise<Controls> {
  const controls: Partial<Record<string, string>> = await redis.hgetall(keys.controls);
  const fields = Object.entries(controls) as [string, string][];
  return {
    version: versionOf(controls[VERSION_FIELD]),
    stepDown: storedNumber(controls["stepdown"]),
    stepDownBy: controls["stepdownBy"] ?? "",
    paused: byJob(fields, PAUSE, pauseOf),
    pastPauses: byJob(fields, PAST_PAUSES, value => value.split(",").flatMap(pastPauseOf)),
    skips: byJob(fields, SKIP, value => value.split(",").flatMap(tick => storedInstant(tick) ?? [])),
  };
}

/** Whether there is something new, and a sign of life of the term's leader (check-controls.lua). */
export async function checkControls(redis: Redis, keys: RedisKeys, fence: string): Promise<ControlsCheck> {
  const { term, leader, controls, audit } = keys;
  const asked = await CHECK.run(redis, [term, leader, controls, audit], [fence, VERSION_FIELD]);
  const [version, newestAct] = asked;
  return { version: versionOf(version), newestAct };
}

/** The version that the field holds; 0 while nothing was asked for, or where another program wrote what is none. */
export function versionOf(value: string | null | undefined): number {
  return storedNumber(value) ?? 0;
}

const pauseDetails = z.object({ untilMs: z.number().nullable(), reason: z.string().nullable() });

/**
 * What the field of a paused job holds: `<epoch ms> <who>`, and on a second line, where there is more to say, that as JSON.
 * Whatever it holds, the job is paused.
 */
export function pauseOf(value: string): Pause {
  const line = value.lastIndexOf("\n{");
  const details = line === -1 ? null : storedJson(value.slice(line + 1), pauseDetails);
  const { untilMs, reason } = details ?? { untilMs: null, reason: null };
  const head = details === null ? value : value.slice(0, line);
  const space = head.indexOf(" ");
  return { atMs: storedInstant(head.slice(0, space)) ?? 0, by: head.slice(space + 1), untilMs, reason };
}

/** The second line of the field of a paused job; empty where there is nothing to say. */
export function pauseDetailsOf({ untilMs, reason }: Pick<Pause, "untilMs" | "reason">): string {
  if (untilMs === null && reason === null) return "";
  return `\n${JSON.stringify({ untilMs, reason } satisfies z.input<typeof pauseDetails>)}`;
}

/**
 * How a job is paused at a moment of the store's time. A pause whose end has passed counts as past, also while no leader has
 * ended it.
 */
export function pausesAt(
  { paused, pastPauses }: Pick<Controls, "paused" | "pastPauses">,
  job: string,
  nowMs: number,
): { readonly pause: Pause | null; readonly past: readonly PastPause[] | undefined } {
  const pause = paused.get(job) ?? null;
  const past = pastPauses.get(job);
  if (pause === null || pause.untilMs === null || pause.untilMs > nowMs) return { pause, past };
  const ended = { fromMs: pause.atMs, toMs: Math.max(pause.untilMs, pause.atMs) };
  return { pause: null, past: [...(past ?? []), ended] };
}

/** The jobs whose pause has to be ended: by the store's time its end has passed. */
export function endedPauses({ paused }: Pick<Controls, "paused">, nowMs: number): readonly string[] {
  return [...paused].flatMap(([job, { untilMs }]) => (untilMs !== null && untilMs <= nowMs ? [job] : []));
}

/** Resumes those of the jobs whose pause has ended by Redis's time. False when a newer term is in force. */
export async function endPauses(
  redis: Redis,
  keys: RedisKeys,
  fence: string,
  jobs: readonly string[],
): Promise<boolean> {
  const [outcome] = await END_PAUSES.run(
    redis,
    [keys.term, keys.controls, keys.audit, ...jobs.map(job => keys.history(job))],
    [fence, AUDIT_ENTRIES, ...jobs],
  );
  return outcome === "ended";
}

/** `<epoch ms>-<epoch ms>` */
function pastPauseOf(span: string): PastPause[] {
  const [fromMs = null, toMs = null] = span.split("-").map(storedInstant);
  return fromMs === null || toMs === null ? [] : [{ fromMs, toMs }];
}

function byJob<V>(
  fields: readonly (readonly [string, string])[],
  prefix: string,
  read: (value: string) => V,
): ReadonlyMap<string, V> {
  return new Map(
    fields
      .filter(([field]) => field.startsWith(prefix))
      .map(([field, value]) => [field.slice(prefix.length), read(value)]),
  );
}
