import type { z } from "zod";
import { choice, duration, fraction, inMs, section, whole, writtenDefaults } from "./fields.ts";

/* The sections of a job that are about its runs in BullMQ. */

export const retry = section({
  attempts: whole(1, 100).exactOptional().meta({
    default: 1,
    description: "How often the handler is tried; 1 means no retry.",
  }),
  backoff: choice(["exponential", "fixed"]).exactOptional().meta({
    default: "exponential",
    description: "How the delay between attempts grows.",
  }),
  delay: duration("0s", "7d").exactOptional().meta({
    default: "10s",
    description: "The delay before the second attempt.",
  }),
  jitter: fraction().exactOptional().meta({
    default: 0,
    description: "How much of each delay is random: with 0.5 a delay of 10s is 5s to 10s.",
  }),
});

const kept = (age: string, what: string) =>
  section({
    age: duration("1s", "366d")
      .exactOptional()
      .meta({ default: age, description: `For how long ${what} runs are kept.` }),
    count: whole(0, 1_000_000)
      .exactOptional()
      .meta({
        default: 10_000,
        description: `How many ${what} runs the queue keeps at most; 0 keeps none.`,
      }),
  });

export const retention = section({
  completed: kept("1d", "completed").exactOptional().meta({ description: "Runs that completed." }),
  failed: kept("7d", "failed").exactOptional().meta({ description: "Runs that failed for good." }),
});

const KEPT = kept("1d", "completed").required();
const RETENTION_DEFAULTS = {
  completed: KEPT.parse(writtenDefaults(kept("1d", "completed").shape)),
  failed: KEPT.parse(writtenDefaults(kept("7d", "failed").shape)),
};
const keptInMs = inMs("age");

type Retention = z.output<typeof retention>;

/** What a job keeps: its own values, else those of the file's defaults, else Bellwether's, key by key. */
export function retentionOf(defaults: Retention = {}, own: Retention = {}) {
  const { completed, failed } = RETENTION_DEFAULTS;
  return {
    completed: keptInMs({ ...completed, ...defaults.completed, ...own.completed }),
    failed: keptInMs({ ...failed, ...defaults.failed, ...own.failed }),
  };
}
