import { z } from "zod";
import { section, size, whole } from "./fields.ts";

/** How many entries of a job's history are kept where the configuration says nothing. */
export const DEFAULT_PER_JOB = 500;
/** Scripts look this many entries back for the end of a run (unfinished.lua). */
const MIN_PER_JOB = 100;
export const MAX_PER_JOB = 100_000;

/** The setting `history`: how much is kept of what became of ticks and runs. */
export const history = section({
  perJob: whole(MIN_PER_JOB, MAX_PER_JOB).default(DEFAULT_PER_JOB).meta({
    description:
      "About how many entries the history of a job keeps; Redis trims in blocks. A launched tick has two: the decision, and how its run ended.",
  }),
  memory: z
    .union([z.literal(false), size("1MiB", "16TiB")], { error: "expected a size like 1GiB, or false" })
    .prefault("1GiB")
    .meta({
      description:
        "What all histories together may take in Redis. Beyond it the leader folds the oldest completed runs of the longest histories into counts per hour. With false there is no limit.",
    }),
}).transform(({ perJob, memory }) => ({ perJob, memoryBytes: memory === false ? null : memory }));
