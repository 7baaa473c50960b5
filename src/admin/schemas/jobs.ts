import { z } from "zod";
import { VERDICTS } from "../../client/why/why.ts";
import { jobStatusFields } from "./cluster.ts";
import { instant, next, orNull, pageOf } from "./fields.ts";

/* What the client says of jobs (src/client), for OpenAPI. */

const spread = orNull(z.object({ p50: z.number(), p95: z.number() }));

const rowFields = {
  ...jobStatusFields,
  handler: orNull(z.string()),
  queue: z.string(),
  pausedBy: orNull(
    z.object({ by: z.string(), at: instant, reason: orNull(z.string()), until: orNull(instant) }),
  ),
  strip: z.array(z.enum(["completed", "failed", "running", "skipped", "missed"])).meta({
    description: "How its last ticks went, 60 at most, oldest first.",
  }),
  counts: z.object({
    completedToday: z.int(),
    failedToday: z.int(),
    skippedToday: z.int(),
    missedToday: z.int(),
  }),
  running: z.int(),
  durationMs: spread,
  lateMs: spread,
  overdueMs: z.number(),
};

const facets = z
  .object({
    all: z.int(),
    failing: z.int(),
    overdue: z.int(),
    paused: z.int(),
    running: z.int(),
    skippedToday: z.int(),
    missedToday: z.int(),
    dueSoon: z.int(),
    quarantined: z.int(),
  })
  .meta({ id: "Facets", description: "How many jobs are in each state, by the other filters." });

const jobsFrom = z.enum(["cluster", "local"]);

export const jobs = z
  .object({
    items: z.array(z.object(rowFields).meta({ id: "Job" })),
    next,
    total: z.int().meta({ description: "How many jobs the filters pass." }),
    facets,
    jobsFrom,
  })
  .meta({ id: "Jobs" });

export const jobDetail = z
  .object({
    ...rowFields,
    jobsFrom,
    description: z.array(z.string()).meta({ description: "The schedule in words." }),
    policy: z.array(
      z.object({
        name: z.string(),
        value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]),
        source: z.enum(["job", "defaults", "built-in", "stored"]),
      }),
    ),
    definition: orNull(z.object({ since: instant, number: z.int() })),
  })
  .meta({ id: "JobDetail" });

const tick = z
  .object({
    tick: instant,
    outcome: z
      .string()
      .meta({ description: "launched, skipped, missed, folded, or what was done to the job." }),
    reason: z.string().optional(),
    reasonCode: z.string().optional(),
    kind: z.string(),
    term: z.int(),
    lateMs: z.number(),
    run: z.string().optional(),
    blockedBy: z.string().optional(),
    by: z.string().optional(),
    from: instant.optional(),
    count: z.int().optional(),
    folded: z
      .object({
        completed: z.int(),
        asked: z.int(),
        failed: z.int(),
        skipped: z.int(),
        missed: z.int(),
        lost: z.int(),
        open: z.int(),
      })
      .optional()
      .meta({
        description: "Of folded: how the ticks and runs of the hour ended, whose details were given up.",
      }),
    result: z.string().optional(),
    attempts: z.int().optional(),
    durationMs: z.number().optional(),
    replica: z.string().optional(),
    error: z.string().optional(),
    endCode: z
      .string()
      .optional()
      .meta({ description: "The code of a reason, where the run ended for one." }),
    until: instant.optional().meta({ description: "Of a pause: when the job resumes by itself." }),
  })
  .meta({ id: "Tick" });

const comingTick = z
  .object({
    job: z.string(),
    tick: instant,
    local: z.string(),
    note: z.string().optional().meta({ description: "What daylight saving did to the tick." }),
    launchAt: instant.optional(),
    maxRuns: z.int().optional(),
    together: z.array(z.string()).optional(),
    excluded: z.string().optional().meta({ description: "Why this tick does not exist." }),
    excludedUntil: orNull(instant).optional(),
  })
  .meta({ id: "ComingTick" });

export const ticks = z
  .union([pageOf(tick, "PastTicks"), pageOf(comingTick, "ComingTicks")])
  .meta({ id: "Ticks" });

export const nextTicks = z
  .object({
    items: z.array(comingTick).meta({ description: "In order of time, without `together`." }),
    cut: z.array(z.string()).meta({ description: "Jobs with more ticks than were asked for." }),
    sparse: z.array(z.string()).meta({ description: "Jobs of which not every excluded tick is shown." }),
    zones: z.record(z.string(), z.string()).meta({ description: "The time zone of each job." }),
    next,
  })
  .meta({ id: "NextTicks" });

export const why = z
  .object({
    job: z.string(),
    at: instant,
    verdict: z.enum(VERDICTS),
    text: z.string().meta({ description: "The answer for people." }),
    reasonCode: orNull(z.string()),
    tick: orNull(instant),
    run: orNull(z.string()),
    result: orNull(z.string()),
    nearest: z.object({ before: orNull(instant), after: orNull(instant) }),
    cause: orNull(
      z.object({
        kind: z.string(),
        by: z.string().optional(),
        since: instant.optional(),
        until: instant.optional(),
        run: z.string().optional(),
        gapMs: z.number().optional(),
        term: z.int().optional(),
        reason: z.string().optional(),
        policy: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "Why" });

export const run = z
  .object({
    run: z.string(),
    job: z.string(),
    queue: z.string(),
    kind: orNull(z.string()),
    tick: orNull(instant),
    state: z.enum(["waiting", "delayed", "active", "completed", "failed", "removed", "unknown"]),
    attempts: z.array(
      z.object({
        number: z.int(),
        startedAt: orNull(instant),
        endedAt: orNull(instant),
        error: orNull(z.string()),
        replica: orNull(z.string()),
      }),
    ),
    waitMs: orNull(z.number()),
    durationMs: orNull(z.number()),
    error: orNull(z.string()),
    log: z.array(z.string()),
    result: z.unknown(),
    data: z.unknown(),
    hidden: z.boolean().meta({ description: "Data, result and log are withheld from viewers." }),
    by: orNull(z.string()),
  })
  .meta({ id: "Run" });
