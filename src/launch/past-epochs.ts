import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant, storedPairs } from "../redis/stored-value.ts";
import { type Definition, restoreDefinitions } from "./definition.ts";
import { readEntries, readOldestEntry } from "./history-entries.ts";

/** A schedule of a job that was in force until `untilMs`: its ticks lie in (fromMs, untilMs]. */
export interface PastEpoch extends Definition {
  readonly untilMs: number;
}

/** A time in which no schedule decided ticks: a release without epochs had led with a schedule that is not known. */
export interface UnknownSpan {
  readonly afterMs: number;
  readonly untilMs: number;
}

export interface PastEpochs {
  /** Oldest first. What this release cannot read is left out. */
  readonly epochs: readonly PastEpoch[];
  readonly unknown: readonly UnknownSpan[];
  /** When the oldest entry of the history was written (epoch ms); null where there is none. */
  readonly sinceMs: number | null;
}

/** A job with longer histories than that has been rescheduled for the entries behind it long ago. */
const ENTRIES = 2_000;

/** The schedules that a job had before the one in force, as far as its history has them. */
export async function readPastEpochs(redis: Redis, keys: RedisKeys, job: string): Promise<PastEpochs> {
  const [entries, oldest] = await Promise.all([
    readEntries(redis, keys, job, "+", ENTRIES),
    readOldestEntry(redis, keys, job),
  ]);
  const changes = entries
    .map(([, flat]) => new Map(storedPairs(flat)))
    .filter(fields => fields.get("action") === "rescheduled")
    .map(fields => ({
      line: fields.get("epoch") ?? "",
      untilMs: storedInstant(fields.get("until")),
      afterMs: storedInstant(fields.get("after")),
    }))
    .toReversed();
  const lines = changes.map(({ line }) => ({ job, line }));
  const definitions = await restoreDefinitions(redis, keys, lines);
  const epochs = changes.flatMap(({ untilMs }, i) => {
    const definition = definitions[i];
    return definition && untilMs !== null ? [{ ...definition, untilMs }] : [];
  });
  const unknown = changes.flatMap(({ afterMs, untilMs }) =>
    afterMs !== null && untilMs !== null ? [{ afterMs, untilMs }] : [],
  );
  return { epochs, unknown, sinceMs: oldest === undefined ? null : Number.parseInt(oldest[0], 10) };
}
