import { z } from "zod";
import { instant, orNull } from "./fields.ts";

/* What the client returns of what it did (src/client), for OpenAPI. */

export const paused = z
  .object({
    job: z.string(),
    paused: z.literal(true),
    since: instant,
    until: orNull(instant).meta({ description: "When the job resumes by itself." }),
    reason: orNull(z.string()),
    changed: z.boolean().meta({ description: "False where the job was paused already." }),
  })
  .meta({ id: "Paused" });

export const resumed = z
  .object({
    job: z.string(),
    paused: z.literal(false),
    changed: z.boolean().meta({ description: "False where the job was not paused." }),
  })
  .meta({ id: "Resumed" });

export const triggered = z
  .object({ run: orNull(z.string()).meta({ description: "Null with `dryRun`." }) })
  .meta({ id: "Triggered" });

export const skipped = z
  .union([
    z.object({ job: z.string(), skips: instant }),
    z.object({ job: z.string(), keeps: z.array(instant) }),
  ])
  .meta({ id: "Skipped" });

export const backfilled = z
  .object({
    job: z.string(),
    ticks: z.array(instant),
    runs: z.array(z.string()).meta({ description: "The run of each tick; empty with `dryRun`." }),
  })
  .meta({ id: "Backfilled" });

export const retried = z
  .object({ run: z.string(), job: z.string(), retried: z.literal(true) })
  .meta({ id: "Retried" });

export const cancelled = z
  .object({ run: z.string(), job: z.string(), cancelled: z.literal(true) })
  .meta({ id: "Cancelled" });

export const steppedDown = z
  .object({
    steppedDown: z.int().meta({ description: "The term whose leader was asked." }),
    leader: orNull(z.object({ replica: z.string(), term: z.int() })),
  })
  .meta({ id: "SteppedDown" });

/** With `dryRun` an item has neither a result nor an error. */
export function bulkOf(result: z.ZodType, id: string) {
  const item = z.object({
    job: z.string(),
    result: orNull(result),
    error: orNull(z.object({ code: z.string(), message: z.string() })),
  });
  return z.object({ items: z.array(item), count: z.int() }).meta({ id });
}
