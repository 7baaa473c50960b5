import { z } from "zod";
import type { HandlerKind } from "../../handlers/handler-kind.ts";
import { HANDLER_KINDS, type HandlerRef } from "../../handlers/handler-kinds.ts";
import { dateStretch } from "../../schedule/parse-exception.ts";
import { SCHEDULE_KINDS } from "../../schedule/schedule-kinds.ts";
import {
  choice,
  duration,
  instant,
  notEmpty,
  oneOrMany,
  section,
  text,
  whole,
  writtenDefaults,
} from "./fields.ts";

import { retention, retry } from "./run-sections.ts";

/** Part of run ids and Redis keys. */
export const JOB_NAME_FORM = /^[A-Za-z0-9_.-]{1,100}$/;
const JOB_NAME = text("a job name of letters, digits, _ . and -, at most 100 characters", JOB_NAME_FORM);

/** BullMQ builds keys of `:`, so a name cannot contain it. */
export const QUEUE_NAME = text(
  "a queue name of letters, digits, _ . and -, at most 100 characters",
  /^[A-Za-z0-9_.-]{1,100}$/,
);

const CALENDAR_NAME = text(
  "a calendar name of letters, digits, _ . and -, at most 100 characters",
  /^[A-Za-z0-9_.-]{1,100}$/,
);

/** No way out of the config directory: relative, no `..`, no backslash. */
const FILE_PATH = /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\\\0]+$/;

const date = text('a date like "2026-12-24"').refine(isDate, { error: 'expected a date like "2026-12-24"' });

function isDate(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && dateStretch(value) !== null;
}

/** A list of dates, or a file of events. */
export const calendarSchema = z
  .union(
    [
      z.array(date).check(notEmpty("expected at least one date")),
      section({
        file: text("the path of an .ics file, below the config directory", FILE_PATH).meta({
          description: "An iCalendar file (.ics): its path below the config directory.",
        }),
      }),
    ],
    { error: "expected a list of dates, or { file: holidays.ics }" },
  )
  .meta({ description: "Local dates, in the zone of the job that excepts them, or a file of events." });

const dst = section({
  gap: choice(["run", "skip"]).exactOptional().meta({
    default: "run",
    description:
      "A tick inside the skipped hour of spring: run shifts it by the length of the gap, skip drops it that day.",
  }),
  overlap: choice(["first", "both"]).exactOptional().meta({
    default: "first",
    description: "A tick inside the repeated hour of autumn: at the first pass only, or at both.",
  }),
});

/** The keys that `defaults` can set for all jobs of a file. */
const policies = {
  timezone: text("a time zone like Europe/Berlin").exactOptional().meta({
    default: "UTC",
    description: "IANA time zone in which the cron expressions are read.",
  }),
  queue: QUEUE_NAME.exactOptional().meta({
    default: "default",
    description: "The BullMQ queue that the runs go into.",
  }),
  catchUp: choice(["none", "latest", "all"]).exactOptional().meta({
    default: "latest",
    description:
      "Which ticks are launched late after a time without a leader: none, only the latest, or all of them.",
  }),
  catchUpWindow: duration("0s", "366d").exactOptional().meta({
    default: "1h",
    description: "Ticks that were due (jitter included) longer ago than this are missed and not caught up.",
  }),
  catchUpLimit: whole(1, 10_000).exactOptional().meta({
    default: 100,
    description:
      "With catchUp: all, the most ticks that are caught up on together: the newest; older ones are missed.",
  }),
  overlap: choice(["allow", "skip", "queue"]).exactOptional().meta({
    default: "allow",
    description:
      "What happens to a tick while an earlier run is unfinished: run beside it, skip it, or run after it.",
  }),
  dst: dst.exactOptional().meta({ description: "What daylight saving does to cron ticks with fixed hours." }),
  jitter: duration("0s", "7d").exactOptional().meta({
    default: "0s",
    description: "Spreads ticks over this time; the offset of a tick is the same on every replica.",
  }),
  retry: retry.exactOptional().meta({ description: "What happens after a failed attempt." }),
  priority: whole(0, 2_097_151).exactOptional().meta({
    default: 0,
    description:
      "BullMQ's priority in the queue: 1 is taken before 2. Runs with 0 have none, and are taken before all others.",
  }),
  lifo: z.boolean({ error: "expected true or false" }).exactOptional().meta({
    default: false,
    description: "Whether the newest run is taken first. Without effect beside a priority.",
  }),
  retention: retention.exactOptional().meta({
    description:
      "Which finished runs BullMQ keeps, for dashboards; the history does not depend on it. It counts all runs of the queue.",
  }),
  timeout: duration("1ms", "7d").exactOptional().meta({
    description: "The handler's signal aborts after this time; no limit when absent.",
  }),
};

/** Of these keys a job has exactly one. */
export const SCHEDULE_KEYS = SCHEDULE_KINDS.map(({ key }) => key);

const KINDS = Object.values(HANDLER_KINDS);
const isForFiles = (kind: HandlerKind) => kind.isCode !== true;
/** Of these keys a job in a file has exactly one. */
export const HANDLER_KEYS = KINDS.filter(isForFiles).map(({ key }) => key);
/** The same for a job in code. */
export const CODE_HANDLER_KEYS = KINDS.map(({ key }) => key);

/** The keys of kinds: each may be absent, as a job has one of them. */
function shapeOf<Key extends string, Value>(
  kinds: readonly { readonly key: Key; readonly schema: z.ZodType<Value>; readonly description: string }[],
): Record<Key, z.ZodExactOptional<z.ZodType<Value>>> {
  const entries = kinds.map(({ key, schema, description }) => [
    key,
    schema.exactOptional().meta({ description }),
  ]);
  return Object.fromEntries(entries) as Record<Key, z.ZodExactOptional<z.ZodType<Value>>>;
}

const schedule = shapeOf<(typeof SCHEDULE_KEYS)[number], unknown>(SCHEDULE_KINDS);
/** Kinds that only code can have are in no file, and so in none of its schemas. */
export const handlerShape = shapeOf<(typeof HANDLER_KEYS)[number], HandlerRef>(KINDS.filter(isForFiles));

/** Which kinds of handlers jobs may have: a section of bellwether.yaml. */
export const handlerSwitches = section(
  Object.fromEntries(
    Object.values(HANDLER_KINDS).flatMap(({ key, switchedOff: what }: HandlerKind) => {
      const description = `Whether jobs may have ${what}; with false such a job is a mistake.`;
      const allowed = z.boolean({ error: "expected true or false" }).default(true).meta({ description });
      return what === undefined ? [] : [[key, allowed]];
    }),
  ),
);

/** In YAML a blank after the colon makes a mapping of it: both are taken. */
const exception = z.union(
  [
    text('a cron expression, a date like "2026-12-24", a time, or calendar:NAME'),
    section({ calendar: CALENDAR_NAME.meta({ description: "The name of a calendar." }) }).transform(
      ({ calendar }) => `calendar:${calendar}`,
    ),
  ],
  { error: 'expected a cron expression, a date like "2026-12-24", a time, or calendar:NAME' },
);

const bounds = {
  start: instant().exactOptional().meta({ description: "Ticks before this time do not exist." }),
  end: instant().exactOptional().meta({ description: "Ticks after this time do not exist." }),
  except: oneOrMany(exception, "a list of cron expressions, dates, times or calendars").exactOptional().meta({
    description:
      "Cron expressions, local dates, times and calendars (calendar:NAME) whose ticks do not exist.",
  }),
  maxRuns: whole(1, Number.MAX_SAFE_INTEGER).exactOptional().meta({
    description:
      "After this many launched ticks the job has finished; backfills and manual runs do not count.",
  }),
};

/** `exactly one of cron, every and at` */
export function exactlyOne(keys: readonly string[]): string {
  return `exactly one of ${new Intl.ListFormat("en-GB").format(keys)}`;
}

function required(keys: readonly string[]) {
  return keys.map(key => ({ required: [key] }));
}

const data = z
  .record(z.string(), z.unknown(), { error: "expected a mapping (key: value)" })
  .exactOptional()
  .meta({ default: {}, description: "Given to the handler as it is." });

export const jobSchema = section(
  { ...schedule, ...policies, ...bounds, ...handlerShape, data },
  "expected a mapping with a schedule and a handler",
).meta({
  description: `One job: a schedule (${exactlyOne(SCHEDULE_KEYS)}), a handler (${exactlyOne(HANDLER_KEYS)}; none where the queue has consume: false), and policies.`,
  // Without a handler its queue is one with consume: false, which is in another file.
  allOf: [
    { oneOf: required(SCHEDULE_KEYS) },
    { oneOf: [...required(HANDLER_KEYS), { not: { anyOf: required(HANDLER_KEYS) } }] },
  ],
});

/** A job in code may also have a function. */
export const codeJobSchema = jobSchema.extend(
  shapeOf<(typeof HANDLER_KEYS)[number], HandlerRef>(KINDS.filter(kind => !isForFiles(kind))),
);

/** What a schedule is built from: it is checked also where the rest of the job has mistakes. */
export const scheduleShape = { ...schedule, ...bounds, timezone: policies.timezone };

export const defaultsSchema = section(policies);

/** What a job is when neither the job nor the `defaults` of its file say otherwise. */
export const JOB_DEFAULTS = defaultsSchema
  .omit({ timeout: true })
  .required()
  .extend({ dst: dst.required(), retry: retry.required(), retention: z.unknown() })
  .parse({
    ...writtenDefaults(policies),
    dst: writtenDefaults(dst.shape),
    retry: writtenDefaults(retry.shape),
    retention: {},
  });

const { timezone: _, dst: __, jitter: ___, ...ofRuns } = { ...policies, maxRuns: bounds.maxRuns, data };
/** What a job says about its runs, and not about its ticks. */
export const runShape = ofRuns;
/**
 * A jobs file. The loader gives schemas that take anything and judges defaults, calendars and jobs one by one afterwards:
 * one bad job must not hide what is wrong in others.
 */
export function jobsFile<D extends z.ZodType, C extends z.ZodType, J extends z.ZodType>(parts: {
  readonly defaults: D;
  readonly calendar: C;
  readonly job: J;
}) {
  const { defaults, calendar, job } = parts;
  return section({
    $schema: z.string({ error: "expected the address of a JSON Schema" }).exactOptional().meta({
      description: "For editors; ignored.",
    }),
    allowEmpty: z.boolean({ error: "expected true or false" }).exactOptional().meta({
      default: false,
      description: "Without it a configuration with no jobs at all is refused.",
    }),
    defaults: defaults.exactOptional().meta({ description: "Policies of all jobs in this file." }),
    calendars: z
      .record(CALENDAR_NAME, calendar, { error: "expected a mapping of calendar names" })
      .exactOptional()
      .meta({ description: "Times without ticks by name, for `except` of jobs in any file: calendar:NAME." }),
    jobs: z
      .record(JOB_NAME, job, { error: "expected a mapping of job names" })
      .exactOptional()
      .meta({ description: "The jobs by name." }),
  }).meta({ title: "Bellwether jobs", description: "What runs when." });
}

export type JobDefinition = z.output<typeof jobSchema>;
export type JobPolicies = z.output<typeof defaultsSchema>;
export type JobSchedule = Partial<z.output<z.ZodObject<typeof scheduleShape>>>;
