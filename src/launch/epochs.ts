import type { HashReads } from "../redis/gathered-reads.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant } from "../redis/stored-value.ts";
import { BoundedSchedule } from "../schedule/bounded-schedule.ts";
import { type Definition, restoreDefinitions } from "./definition.ts";

/**
 * An epoch of a job is the time during which one schedule was in force; it owns the ticks in (fromMs, untilMs]. This one
 * has been closed, and some of its ticks may be undecided: held by jitter or a pause, or late.
 */
export interface ClosedEpoch extends Omit<Definition, "number" | "handler"> {
  readonly epoch: number;
  readonly untilMs: number;
  /** Its newest decided tick, epoch ms. */
  readonly cursor: number;
}

/**
 * The closed epochs that are not finished, the oldest of a job first. One that this release cannot read is left out, and stays for one that can: it
 * was written by a later release.
 */
export async function readClosedEpochs(redis: HashReads, keys: RedisKeys): Promise<ClosedEpoch[]> {
  const [lines, cursors] = await Promise.all([redis.hgetall(keys.epochs), redis.hgetall(keys.epochCursors)]);
  const stored = Object.entries(lines).flatMap(([field, text]) => {
    const [, until = "", line = ""] = /^(-?\d+)\|(.*)$/s.exec(text) ?? [];
    const [, number = "", job = ""] = /^(\d+):(.+)$/.exec(field) ?? [];
    const [untilMs, cursor] = [storedInstant(until), storedInstant(cursors[field])];
    if (untilMs === null || cursor === null || job === "") return [];
    return [{ job, line, epoch: Number(number), untilMs, cursor }];
  });
  stored.sort((a, b) => a.epoch - b.epoch);
  const definitions = await restoreDefinitions(redis, keys, stored);
  return stored.flatMap(({ epoch, untilMs, cursor }, i): ClosedEpoch[] => {
    const definition = definitions[i];
    if (!definition) return [];
    const schedule = new BoundedSchedule(definition.schedule, untilMs);
    return [{ ...definition, epoch, untilMs, cursor, schedule }];
  });
}
