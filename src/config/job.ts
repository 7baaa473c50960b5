import type { HandlerKind } from "../handlers/handler-kind.ts";
import { HANDLER_KINDS, type HandlerRef } from "../handlers/handler-kinds.ts";
import { Calendar } from "../schedule/calendar.ts";
import { createSchedule, type ScheduleIssue } from "../schedule/create-schedule.ts";
import { emptyScheduleIssue } from "../schedule/empty-schedule.ts";
import { calendarNameOf } from "../schedule/parse-exception.ts";
import { SCHEDULE_KINDS } from "../schedule/schedule-kinds.ts";
import { type KindFields, kindsIn, type ScheduleSpec } from "../schedule/spec.ts";
import type { Job } from "./config.ts";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import { quote } from "./document/describe.ts";
import type { ConfigDocument } from "./document/document.ts";
import { deepFreeze } from "./freeze.ts";
import { JobFields } from "./job-fields.ts";
import { keyConflictsOf, requireOne } from "./key-conflicts.ts";
import { suggest } from "./nearest.ts";
import {
  CODE_HANDLER_KEYS,
  codeJobSchema,
  HANDLER_KEYS,
  handlerShape,
  JOB_DEFAULTS,
  type JobDefinition,
  type JobPolicies,
  type JobSchedule,
  jobSchema,
  SCHEDULE_KEYS,
  scheduleShape,
} from "./schemas/job-schema.ts";
import { runPoliciesOf } from "./schemas/run-policies.ts";
import { type Validation, validate, validParts } from "./validate.ts";

/** The queues that bellwether.yaml declares, and the kinds of handlers that it switches off. */
export interface DeclaredQueues {
  /** As mistakes show it. */
  readonly file: string;
  /** null without a `queues` section: then every name is a queue. */
  readonly names: readonly string[] | null;
  /** Of these, the ones that other programs work off. */
  readonly unconsumed?: readonly string[] | undefined;
  /** Of these, the ones under a prefix of another program. */
  readonly prefixed?: readonly string[] | undefined;
  /** Keys of a job that may not be used: `command`, `http`. */
  readonly refusedHandlers: readonly string[];
}

/** What jobs may refer to. */
export interface JobSurroundings {
  readonly queues: DeclaredQueues;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** True when a jobs file cannot be read: what is missing here may be in it. */
  readonly isPartial?: boolean;
}

export interface ReadJobOptions extends JobSurroundings {
  readonly document: ConfigDocument;
  readonly name: string;
  /** The `defaults` of the file. */
  readonly defaults: JobPolicies;
  /** What earlier jobs said; `jobFields` gives it. */
  readonly fields: JobFields<typeof codeJobSchema.shape>;
}

/** For one load: jobs that say the same share what they say. */
export function jobFields(isCode: boolean): ReadJobOptions["fields"] {
  return new JobFields((isCode ? codeJobSchema : jobSchema).shape as typeof codeJobSchema.shape, "data");
}

/** Reads one job: what the schema says, what holds between keys, and whether its schedule can be built. */
export function readJob(options: ReadJobOptions): Validation<Job> {
  const { document, name, defaults } = options;
  const place = { document, path: ["jobs", name], file: "jobs" } as const;
  const known = options.fields.read(document.get(place.path));
  const schema = document.isCode ? codeJobSchema : jobSchema;
  const checked = known === null ? validate({ schema, ...place }) : { ok: true as const, value: known };
  const issues: ConfigIssue[] = [
    ...requireOne(document, place.path, SCHEDULE_KEYS, "has no schedule"),
    ...rulesOfData(document, place.path),
    ...keyConflictsOf(document, place.path),
    ...rulesOfHandler(options),
    ...rulesOfQueue(options),
  ];
  if (!checked.ok) issues.push(...checked.issues);
  const parts = checked.ok ? checked.value : validParts({ shape: scheduleShape, ...place });
  if (SCHEDULE_KEYS.filter(key => key in parts).length !== 1) return { ok: false, issues };
  const calendars = calendarsOf(parts.except ?? [], options);
  issues.push(...calendars.issues);
  const spec = specOf(name, { ...parts, calendars: calendars.found }, defaults);
  const created = createSchedule(spec);
  const emptySchedule = created.ok && issues.length === 0 ? emptyScheduleIssue(spec, created.schedule) : null;
  const scheduleIssues = created.ok ? (emptySchedule ?? []) : created.issues;
  issues.push(...[scheduleIssues].flat().flatMap(problem => explainSchedule(problem, document, place.path)));
  const handler = checked.ok ? handlerIn(checked.value) : null;
  if (!checked.ok || !created.ok || issues.length > 0) return { ok: false, issues };
  const job = {
    name,
    spec: deepFreeze(spec),
    schedule: created.schedule,
    scheduleText: scheduleText(spec),
    handler,
    ...runPoliciesOf(checked.value, defaults),
  };
  return { ok: true, value: Object.freeze(job) };
}

function rulesOfData(document: ConfigDocument, path: Path): ConfigIssue[] {
  const reserved = [...path, "data", "_tick"];
  if (!document.has(reserved)) return [];
  return document.issueAt(reserved, "is where Bellwether writes the tick: expected another name", "key");
}

function rulesOfHandler(options: ReadJobOptions): ConfigIssue[] {
  const { document, name, queues } = options;
  const path = ["jobs", name];
  const { queue } = queueOf(options);
  if (typeof queue === "string" && queues.unconsumed?.includes(queue)) {
    const problem = `the queue ${quote(queue)} has consume: false, so other programs work its runs off and no replica would call the handler: expected no handler, or another queue`;
    const given = CODE_HANDLER_KEYS.filter(key => document.has([...path, key]));
    return given.flatMap(key => document.issueAt([...path, key], problem, "key"));
  }
  const refused = queues.refusedHandlers.filter(key => document.has([...path, key]));
  return [
    ...requireOne(document, path, document.isCode ? CODE_HANDLER_KEYS : HANDLER_KEYS, "has no handler"),
    ...refused.flatMap(kind => {
      const refusal = `${kind} handlers are switched off by handlers.${kind} of ${queues.file}`;
      return document.issueAt([...path, kind], refusal, "key");
    }),
  ];
}

/** The handler that the job names, or null when it names none. */
function handlerIn(job: Partial<Pick<JobDefinition, (typeof HANDLER_KEYS)[number]>>): HandlerRef | null {
  return CODE_HANDLER_KEYS.map(key => job[key]).find(ref => ref !== undefined) ?? null;
}

/** The handler of a job that has other mistakes, or null when it is not certain which one is meant. */
export function handlerOf(options: Pick<ReadJobOptions, "document" | "name" | "queues">): HandlerRef | null {
  const { document, name, queues } = options;
  const path = ["jobs", name];
  const given = document.keysOf(path);
  const kinds: HandlerKind[] = Object.values(HANDLER_KINDS);
  const [kind, ...others] = kinds.filter(({ key }) => given.includes(key));
  if (kind === undefined || others.length > 0 || queues.refusedHandlers.includes(kind.key)) return null;
  // A reference that cannot be filled in is reported, and means no handler.
  const places = kind.names.map(keys => [...path, kind.key, ...keys]);
  const isLiteral = places.every(at => document.originOf(at) === null && document.issueAt(at, "").length > 0);
  if (!isLiteral) return null;
  return handlerIn(validParts({ shape: handlerShape, document, path, file: "jobs" }));
}

/** The job's queue as it is written, and where; null when it is nowhere. */
function queueOf({ document, name, defaults }: ReadJobOptions) {
  const own = ["jobs", name, "queue"];
  const path = [own, ["defaults", "queue"]].find(path => document.has(path)) ?? null;
  return { queue: document.get(own) ?? defaults.queue ?? JOB_DEFAULTS.queue, path };
}

function rulesOfQueue(options: ReadJobOptions): ConfigIssue[] {
  const { document, name, queues } = options;
  const { queue, path } = queueOf(options);
  const retention = ["jobs", name, "retention"];
  if (typeof queue === "string" && queues.prefixed?.includes(queue) && document.has(retention)) {
    const problem = `the queue ${quote(queue)} is another program's, whose finished jobs BullMQ would remove by it: expected no retention, or another queue`;
    return document.issueAt(retention, problem, "key");
  }
  if (queues.names === null || typeof queue !== "string" || queues.names.includes(queue)) return [];
  const shown = quote((path && document.originOf(path)) ?? queue);
  const names = queues.names.length === 0 ? "it is empty" : suggest(queue, queues.names);
  const problem = `the queue ${shown} is not in queues of ${queues.file} (${names})`;
  return path ? document.issueAt(path, problem) : document.issueAt(["jobs", name], problem, "key");
}

/** A problem of the schedule, at the value that it is about: the job's own, or the one in `defaults`. */
function explainSchedule(problem: ScheduleIssue, document: ConfigDocument, job: Path): ConfigIssue[] {
  const { field, index } = problem;
  const own = [...job, field];
  const path = !document.has(own) && document.has(["defaults", field]) ? ["defaults", field] : own;
  const isItem = index !== undefined && Array.isArray(document.get(path));
  const place = isItem ? [...path, index] : path;
  const origin = document.originOf(place);
  // The problem may quote parts of a value that must not be shown.
  const text = origin === null ? problem.problem : `the value of ${quote(origin)} is not valid here`;
  return document.issueAt(place, text);
}

/** The calendars that a job excepts. An undefined one is reported here, and counts as empty. */
function calendarsOf(except: readonly string[], options: ReadJobOptions) {
  const { document, name, calendars, isPartial } = options;
  const path = ["jobs", name, "except"];
  const issues: ConfigIssue[] = [];
  const named = except.flatMap((entry, index) => {
    const calendar = calendarNameOf(entry);
    if (calendar === null) return [];
    const known = calendars.get(calendar);
    if (known) return [[calendar, known] as const];
    const place = Array.isArray(document.get(path)) ? [...path, index] : path;
    const empty = [calendar, new Calendar({ name: calendar, stretches: [] })] as const;
    if (isPartial) return [empty];
    const hint = calendars.size === 0 ? "there are no calendars" : suggest(calendar, [...calendars.keys()]);
    const shown = quote(document.originOf(place) ?? calendar);
    issues.push(...document.issueAt(place, `no calendar is called ${shown} (${hint})`));
    return [empty];
  });
  return { found: named.length === 0 ? undefined : Object.fromEntries(named), issues };
}

function specOf(
  name: string,
  job: JobSchedule & JobPolicies & Pick<ScheduleSpec, "calendars">,
  defaults: JobPolicies,
): ScheduleSpec {
  const { start: startMs, end: endMs, except = NONE, calendars } = job;
  const given = SCHEDULE_KINDS.filter(({ key }) => job[key] !== undefined);
  return {
    ...(Object.fromEntries(given.map(({ key, field }) => [field, job[key]])) as KindFields),
    timezone: job.timezone ?? defaults.timezone ?? JOB_DEFAULTS.timezone,
    dst: dstOf({ ...JOB_DEFAULTS.dst, ...defaults.dst, ...job.dst }),
    startMs,
    endMs,
    except,
    calendars,
    jitterMs: job.jitter ?? defaults.jitter ?? JOB_DEFAULTS.jitter,
    seed: name,
  };
}

const NONE: readonly string[] = Object.freeze([]);

/** All that there are, so that jobs share them. */
const DST_RULES: readonly ScheduleSpec["dst"][] = (["run", "skip"] as const).flatMap(gap =>
  (["first", "both"] as const).map(overlap => Object.freeze({ gap, overlap })),
);

function dstOf(rule: ScheduleSpec["dst"]): ScheduleSpec["dst"] {
  return DST_RULES.find(({ gap, overlap }) => gap === rule.gap && overlap === rule.overlap) ?? rule;
}

function scheduleText(spec: ScheduleSpec): string {
  return kindsIn(spec)
    .map(({ kind, value }) => kind.text(value))
    .join(", ");
}
