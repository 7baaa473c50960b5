import type { Redis } from "ioredis";
import { z } from "zod";
import { tellReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { RECORD_LIMIT_MS } from "./end-recorder.ts";
import { HISTORY_ENTRIES } from "./history.ts";
import { pagesOf } from "./pages.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

const RECOVER = new Script(
  z.array(z.enum(["early", "known", "completed", "failed", "unknown"])),
  UNFINISHED_LUA,
  STRIPS_LUA,
  new URL("./end-records.lua", import.meta.url),
  new URL("./recover-ends.lua", import.meta.url),
);

/** Each is mostly one read of some entries. */
const RUNS_A_SCRIPT = 100;

/** A launched run that BullMQ has no more among those that are to be worked off. */
export interface EndedRun {
  readonly job: string;
  readonly run: string;
  /** The id of the entry of its launch. */
  readonly launch: string;
  readonly place: QueuePlace;
}

export interface RecoveredEnd {
  readonly job: string;
  readonly run: string;
  /** `early`: not yet, because its worker may still record it. `known`: nothing was missing. */
  readonly outcome: "early" | "known" | "completed" | "failed" | "unknown";
}

/**
 * Records how runs ended whose process died between the end and its record, from what BullMQ keeps of them. Where it keeps nothing
 * any more (`removeOnComplete: true`), the end is `unknown`. What is on record is left alone, so any replica may call it at any time.
 * `perJob`: how many entries a history keeps.
 */
export async function recoverEnds(
  redis: Redis,
  keys: RedisKeys,
  runs: readonly EndedRun[],
  perJob = HISTORY_ENTRIES,
): Promise<RecoveredEnd[]> {
  const { reason, reasonCode } = tellReason({ code: "end_unrecorded" });
  const recovered: RecoveredEnd[] = [];
  for (const page of pagesOf(runs, RUNS_A_SCRIPT)) {
    const outcomes = await RECOVER.run(
      redis,
      [keys.failing, ...page.map(({ job }) => keys.history(job))],
      [
        ...[perJob, reason, reasonCode, keys.strips, keys.tallies, 2 * RECORD_LIMIT_MS],
        ...page.flatMap(({ job, place, run, launch }) => [job, baseOf(place), run, launch]),
      ],
    );
    for (const [i, { job, run }] of page.entries())
      recovered.push({ job, run, outcome: outcomes[i] ?? "early" });
  }
  return recovered;
}
