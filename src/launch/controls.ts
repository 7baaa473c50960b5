import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import type { PastPause } from "../schedule/planned-job.ts";

const LOOK = new Script(z.string(), new URL("./read-controls-version.lua", import.meta.url));

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
export async function readControls(redis: Redis, keys: RedisKeys): Promise<Controls> {
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

/** The version of the controls, and a sign of life of the term's leader (read-controls-version.lua). */
export async function readControlsVersion(redis: Redis, keys: RedisKeys, fence: string): Promise<number> {
  const version = await LOOK.run(redis, [keys.term, keys.leader, keys.controls], [fence, VERSION_FIELD]);
  return versionOf(version);
}

/** The version that the field holds; 0 while nothing was asked for, or where another program wrote what is none. */
export function versionOf(value: string | null | undefined): number {
  return storedNumber(value) ?? 0;
}

/** What the field of a paused job holds: `<epoch ms> <who>`. Whatever it holds, the job is paused. */
export function pauseOf(value: string): Pause {
  const space = value.indexOf(" ");
  return { atMs: storedInstant(value.slice(0, space)) ?? 0, by: value.slice(space + 1) };
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
