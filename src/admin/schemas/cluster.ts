import { z } from "zod";
import { instant, orNull, pageOf } from "./fields.ts";

/* What the client says of a cluster (src/client), for OpenAPI. */

const lastRun = z
  .object({
    outcome: z.string(),
    run: z.string(),
    attempts: z.int().optional(),
    durationMs: z.number().optional(),
    replica: z.string().optional(),
    error: z.string().optional(),
  })
  .meta({ id: "LastRun" });

/** A job as `status` shows it; of the rows of the list of jobs these are the first fields. */
export const jobStatusFields = {
  name: z.string(),
  schedule: z.string().meta({ description: "As written: `0 2 * * *`." }),
  timezone: z.string(),
  paused: z.boolean(),
  quarantined: orNull(z.object({ since: instant, reason: z.string() })).meta({
    description: "Why the leader does not launch the job for now.",
  }),
  silenced: orNull(z.object({ until: instant })),
  lastTick: orNull(instant),
  nextTick: orNull(instant),
  lastRun: orNull(lastRun),
};

const replicaFields = {
  id: z.string(),
  roles: z.array(z.string()),
  generation: z.int(),
  hash: z.string(),
  tz: z.string(),
  startedAt: instant,
  leading: z.boolean(),
  tooOld: z.boolean().meta({ description: "Its generation is too old to lead." }),
};

const stuckRun = z.object({
  job: z.string(),
  queue: z.string(),
  run: z.string(),
  since: instant,
  reason: z.string(),
});

const historyStatus = z
  .object({
    bytes: z.int().meta({ description: "What the histories of all jobs take in Redis." }),
    errorBytes: z.int().meta({ description: "How far bytes may be off; 0 when every job was measured." }),
    budgetBytes: orNull(z.int()),
    entries: z.int(),
    folded: z.int().meta({ description: "Completed runs that were folded into hourly counts, ever." }),
    dropped: z.int().meta({ description: "The same of failed, lost, skipped and missed ones." }),
    over: z.boolean().meta({ description: "The budget is exceeded, and nothing is left to fold." }),
    measuredAt: instant,
  })
  .meta({ id: "HistoryUse" });

export const status = z
  .object({
    leader: orNull(z.object({ replica: z.string(), term: z.int(), since: instant })),
    config: orNull(z.object({ generation: z.int(), hash: z.string() })),
    provenGeneration: orNull(z.int()),
    replicas: z.array(z.object(replicaFields)),
    jobsFrom: z.enum(["cluster", "local"]),
    jobs: z.array(z.object(jobStatusFields).meta({ id: "JobStatus" })),
    queues: z.array(z.object({ name: z.string(), paused: z.boolean() })),
    stuck: z.array(z.looseObject(stuckRun.partial().shape)),
    history: orNull(historyStatus),
  })
  .meta({ id: "Status" });

const replicaInfo = z
  .object({
    ...replicaFields,
    version: orNull(z.string()),
    clockSkewMs: orNull(z.number()),
    running: z.array(z.object({ run: z.string(), job: z.string(), since: instant })),
    runningCount: orNull(z.int()),
    load: z.object({ eventLoopDelayMs: orNull(z.number()), rssBytes: orNull(z.number()) }),
    seenAt: instant,
  })
  .meta({ id: "Replica" });

export const replicas = z.object({ items: z.array(replicaInfo) }).meta({ id: "Replicas" });

const term = z
  .object({
    term: z.int(),
    replica: z.string(),
    at: instant.meta({ format: "date-time", description: "When it was opened." }),
    previous: orNull(z.string()),
    reason: orNull(z.string()),
    reasonCode: orNull(z.string()),
    cause: orNull(z.string()),
    by: orNull(z.string()),
    vacantMs: orNull(z.number()).meta({ description: "For how long there was no leader before it." }),
    endedAt: orNull(instant),
    endReason: orNull(z.string()),
    endCause: orNull(z.string()),
  })
  .meta({ id: "Term" });

export const terms = pageOf(term, "Terms");

const auditRow = z
  .object({
    at: instant,
    action: z.string(),
    by: z.string().meta({ description: "Name and address, as `ci@10.1.2.3`." }),
    job: z.string().optional(),
    run: z.string().optional(),
    ticks: z.union([z.array(instant), z.int()]).optional(),
    until: instant.optional().meta({ description: "Of a pause: when the job resumes by itself." }),
    reason: z.string().optional(),
    reasonCode: z.string().optional(),
  })
  .meta({ id: "AuditRow" });

export const audit = pageOf(auditRow, "Audit");

export const forecast = z
  .object({
    from: instant,
    to: instant,
    bucketMs: z.int(),
    buckets: z
      .array(z.tuple([instant, z.int()]))
      .meta({ description: "Those in which something is launched." }),
    worst: z.array(z.object({ at: instant, count: z.int(), jobs: z.array(z.string()) })),
    quiet: instant.meta({ format: "date-time", description: "The next minute without a launch." }),
    total: z.int(),
  })
  .meta({ id: "Forecast" });

const lane = z.object({
  job: z.string(),
  buckets: z.array(
    z.object({
      at: instant,
      endAt: instant,
      launched: z.int(),
      failed: z.int(),
      running: z.int().meta({ description: "Of the launched ones: whose run waits or runs." }),
      skipped: z.int(),
      missed: z.int(),
      late: z.int(),
    }),
  ),
  coming: z.array(instant),
  hasMore: z.boolean().meta({ description: "More ticks come in the period than `coming` has." }),
});

export const timeline = z
  .object({
    from: instant,
    to: instant,
    now: instant,
    terms: z.array(term),
    lanes: z.array(lane),
    gaps: z.array(
      z.object({
        term: z.int(),
        from: instant,
        to: instant,
        vacantMs: z.number(),
        late: z.array(z.object({ job: z.string(), tick: instant, lateMs: z.number() })),
      }),
    ),
  })
  .meta({ id: "Timeline" });
