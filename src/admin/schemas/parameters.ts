import { z } from "zod";
import { JOB_SORTS, JOB_STATES } from "../../client/job-row.ts";

/* What requests may have. An unknown parameter is a mistake: a filter with a typing error would mean every job. */

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const MAX_NAME = 200;

const text = (maxLength = MAX_NAME) => z.string().min(1).max(maxLength);
const date = z.iso.datetime({ offset: true }).transform(value => new Date(value));

export const limit = z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);
export const cursor = text(1_000).optional().meta({ description: "`next` of the page before." });
export const at = date.optional();
export const jobParams = z.object({ job: text() });
export const runParams = z.object({ run: text(300) });

const filterFields = {
  search: z.string().max(MAX_NAME).optional().meta({
    description: "Words; each must be part of the name, the handler or the queue.",
  }),
  state: z.enum(JOB_STATES).optional(),
  queue: text().optional(),
  handler: text().optional(),
};

export const jobsQuery = z.strictObject({
  ...filterFields,
  sort: z.enum(JOB_SORTS).optional(),
  limit,
  cursor,
});

export const statusQuery = z.strictObject({
  jobs: z.enum(["true", "false"]).optional().meta({ description: "False: `jobs` is empty." }),
});
export const noParameters = z.strictObject({});
/** Their JSON: a transformed value has no schema of what was sent. */
export const page = z.strictObject({ limit, cursor });
export const ticksQuery = z.strictObject({
  from: at,
  to: at,
  future: z.enum(["true", "false"]).optional().meta({ description: "The ticks to come instead." }),
  limit,
  cursor,
});
export const nextQuery = z.strictObject({
  job: text().optional(),
  count: z.coerce.number().int().min(1).max(MAX_LIMIT).optional().meta({
    description: "At most this many ticks of a job; 5 by default, with `until` 1000.",
  }),
  from: at.meta({ description: "Now by default." }),
  until: at.meta({ description: "Inclusive." }),
  excluded: z.enum(["true", "false"]).optional().meta({
    description: "Also the ticks that `except`, `start` and `end` take away.",
  }),
  cursor,
});
export const whyQuery = z.strictObject({ at });
export const forecastQuery = z.strictObject({
  from: at.meta({ description: "Now by default." }),
  days: z.coerce.number().int().min(1).max(31).optional(),
  job: text().optional(),
});
export const timelineQuery = z.strictObject({
  from: at,
  to: at,
  jobs: text(4_000)
    .transform(names => names.split(","))
    .optional()
    .meta({ description: "Names of jobs, separated by commas; at most 50." }),
});

export const idempotencyKey = z.looseObject({
  "idempotency-key": text()
    .optional()
    .meta({ description: "Sent again with the same key within a day, the request is carried out once." }),
});

const reason = text(500).optional().meta({ description: "Why, for the record." });
const dryRun = z
  .boolean()
  .optional()
  .meta({ description: "Do nothing: the answer says what would be done." });
const data = z.record(z.string(), z.unknown()).optional().meta({
  description: "Replaces fields of the job's data.",
});
const until = date.optional().meta({ description: "When the jobs resume by themselves." });

const bodyOf = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape).nullish();

export const nothing = bodyOf({});
export const triggerBody = bodyOf({ data, dryRun });
export const pauseBody = bodyOf({ reason, until });
export const skipBody = bodyOf({
  undo: z.boolean().optional().meta({ description: "Take back what has not been skipped yet." }),
});
export const backfillBody = z.strictObject({
  from: date,
  to: date,
  limit: z.int().min(1).max(10_000).optional(),
  overlap: z.literal("allow").optional(),
  dryRun,
});

const target = {
  names: z.array(text()).min(1).max(10_000).optional(),
  filter: z
    .strictObject(filterFields)
    .optional()
    .meta({ description: "As the parameters of the list; {} is every job." }),
};
const hasOneTarget = (body: { names?: unknown; filter?: unknown }) =>
  (body.names === undefined) !== (body.filter === undefined);
const ONE_TARGET = "expected exactly one of names and filter";

export const bulkBody = z.strictObject({ ...target, dryRun }).refine(hasOneTarget, ONE_TARGET);
export const bulkPauseBody = z
  .strictObject({ ...target, reason, until, dryRun })
  .refine(hasOneTarget, ONE_TARGET);
