import { Calendar } from "../schedule/calendar.ts";
import { createSchedule, type ScheduleIssue } from "../schedule/create-schedule.ts";
import { emptyScheduleIssue } from "../schedule/empty-schedule.ts";
import { calendarNameOf } from "../schedule/parse-exception.ts";
import type { ScheduleSpec } from "../schedule/schedule.ts";
import type { HandlerRef, Job } from "./config.ts";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import { quote } from "./document/describe.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { keyConflictsOf } from "./key-conflicts.ts";
import { suggest } from "./nearest.ts";
import { formatDuration } from "./schemas/duration.ts";
import { HANDLER_KINDS, handlerRef, handlerShape } from "./schemas/handler-schema.ts";
import {
  JOB_DEFAULTS,
  type JobPolicies,
  type JobSchedule,
  jobSchema,
  runPoliciesOf,
  scheduleShape,
} from "./schemas/job-schema.ts";
import { type Validation, validate, validParts } from "./validate.ts";

/** The queues that bellwether.yaml declares, and the kinds of handlers that it switches off. */
export interface DeclaredQueues {
  /** As mistakes show it. */
  readonly file: string;
  /** null without a `queues` section: then every name is a queue. */
  readonly names: readonly string[] | null;
  /** Keys of a job that may not be used: `command`, `http`. */
  readonly refusedHandlers: readonly string[];
}

export interface ReadJobOptions {
  readonly document: ConfigDocument;
  readonly name: string;
  /** The `defaults` of the file. */
  readonly defaults: JobPolicies;
  readonly queues: DeclaredQueues;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** True when a jobs file cannot be read: a calendar that is missing here may be in it. */
  readonly isPartial: boolean;
}

/** Reads one job: what the schema says, what holds between keys, and whether its schedule can be built. */
export function readJob(options: ReadJobOptions): Validation<Job> {
  const { document, name, defaults } = options;
  const place = { document, path: ["jobs", name], file: "jobs" } as const;
  const checked = validate({ schema: jobSchema, ...place });
  const issues: ConfigIssue[] = [
    ...rulesOfKeys(document, place.path),
    ...keyConflictsOf(document, place.path),
    ...rulesOfHandler(options),
    ...rulesOfQueue(options),
  ];
  if (!checked.ok) issues.push(...checked.issues);
  const parts = checked.ok ? checked.value : validParts({ shape: scheduleShape, ...place });
  if (schedulesIn(parts).length !== 1) return { ok: false, issues };
  const calendars = calendarsOf(parts.except ?? [], options);
  issues.push(...calendars.issues);
  const spec = specOf(name, { ...parts, ...calendars.found }, defaults);
  const created = createSchedule(spec);
  const emptySchedule = created.ok && issues.length === 0 ? emptyScheduleIssue(spec, created.schedule) : null;
  const scheduleIssues = created.ok ? [emptySchedule].filter(problem => problem !== null) : created.issues;
  issues.push(...scheduleIssues.flatMap(problem => explainSchedule(problem, document, place.path) ?? []));
  const handler = checked.ok ? handlerRef(checked.value) : null;
  if (!checked.ok || !created.ok || handler === null || issues.length > 0) return { ok: false, issues };
  const planned = { name, spec, schedule: created.schedule, scheduleText: scheduleText(spec), handler };
  return { ok: true, value: { ...planned, ...runPoliciesOf(checked.value, defaults) } };
}

function schedulesIn(job: object): string[] {
  return ["cron", "every", "at"].filter(key => key in job);
}

function* rulesOfKeys(document: ConfigDocument, path: Path): Generator<ConfigIssue> {
  const job = document.get(path);
  if (!isMapping(job)) return;
  const schedules = schedulesIn(job);
  if (schedules.length !== 1) {
    const found = schedules.length === 0 ? "has no schedule" : `found ${schedules.join(" and ")}`;
    const problem = `${found}, expected exactly one of cron, every and at`;
    yield* some(document.issueAt(path, problem, "key"));
  }
  const reserved = [...path, "data", "_tick"];
  if (document.has(reserved)) {
    yield* some(
      document.issueAt(reserved, "is where Bellwether writes the tick: expected another name", "key"),
    );
  }
}

function rulesOfHandler({ document, name, queues }: ReadJobOptions): ConfigIssue[] {
  const path = ["jobs", name];
  const job = document.get(path);
  if (!isMapping(job)) return [];
  const kinds = HANDLER_KINDS.filter(key => key in job);
  const found = kinds.length === 0 ? "has no handler" : `found ${kinds.join(" and ")}`;
  const problem = `${found}, expected exactly one of handler, command and http`;
  const refused = kinds.filter(kind => queues.refusedHandlers.includes(kind));
  return [
    ...(kinds.length === 1 ? [] : some(document.issueAt(path, problem, "key"))),
    ...refused.flatMap(kind => {
      const refusal = `${kind} handlers are switched off by handlers.${kind} of ${queues.file}`;
      return some(document.issueAt([...path, kind], refusal, "key"));
    }),
  ];
}

/** The handler of a job that has other mistakes, or null when it is not certain which one is meant. */
export function handlerOf(options: Pick<ReadJobOptions, "document" | "name" | "queues">): HandlerRef | null {
  const { document, name, queues } = options;
  const path = ["jobs", name];
  const job = document.get(path);
  const [kind, ...others] = isMapping(job) ? HANDLER_KINDS.filter(key => key in job) : [];
  if (kind === undefined || others.length > 0 || queues.refusedHandlers.includes(kind)) return null;
  // A reference that cannot be filled in is reported, and means no handler.
  const places = [[kind], [kind, 0], [kind, "argv"], [kind, "argv", 0]].map(keys => [...path, ...keys]);
  const isLiteral = places.every(at => document.originOf(at) === null && document.issueAt(at, "") !== null);
  if (!isLiteral) return null;
  return handlerRef(validParts({ shape: handlerShape, document, path, file: "jobs" }));
}

function rulesOfQueue({ document, name, defaults, queues }: ReadJobOptions): ConfigIssue[] {
  const own = ["jobs", name, "queue"];
  const queue = document.get(own) ?? defaults.queue ?? JOB_DEFAULTS.queue;
  if (queues.names === null || typeof queue !== "string" || queues.names.includes(queue)) return [];
  const path = [own, ["defaults", "queue"]].find(path => document.has(path));
  const shown = quote((path && document.originOf(path)) ?? queue);
  const names = queues.names.length === 0 ? "it is empty" : suggest(queue, queues.names);
  const problem = `the queue ${shown} is not in queues of ${queues.file} (${names})`;
  return some(path ? document.issueAt(path, problem) : document.issueAt(["jobs", name], problem, "key"));
}

/** A problem of the schedule, at the value that it is about: the job's own, or the one in `defaults`. */
function explainSchedule(problem: ScheduleIssue, document: ConfigDocument, job: Path): ConfigIssue | null {
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

interface NamedCalendars {
  readonly calendars?: Readonly<Record<string, Calendar>>;
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
    issues.push(...some(document.issueAt(place, `no calendar is called ${shown} (${hint})`)));
    return [empty];
  });
  const found: NamedCalendars = named.length === 0 ? {} : { calendars: Object.fromEntries(named) };
  return { found, issues };
}

function specOf(
  name: string,
  job: JobSchedule & JobPolicies & NamedCalendars,
  defaults: JobPolicies,
): ScheduleSpec {
  const { cron, every, at, start, end, except = [], calendars } = job;
  return {
    ...(cron && { cron }),
    ...(every !== undefined && { everyMs: every }),
    ...(at && { at: [...new Set(at)].sort((a, b) => a - b) }),
    timezone: job.timezone ?? defaults.timezone ?? JOB_DEFAULTS.timezone,
    dst: { ...JOB_DEFAULTS.dst, ...defaults.dst, ...job.dst },
    ...(start !== undefined && { startMs: start }),
    ...(end !== undefined && { endMs: end }),
    except,
    ...(calendars && { calendars }),
    jitterMs: job.jitter ?? defaults.jitter ?? JOB_DEFAULTS.jitter,
    seed: name,
  };
}

const MAX_LISTED = 3;

function scheduleText({ cron, everyMs, at = [] }: ScheduleSpec): string {
  if (cron) return cron.join(", ");
  if (everyMs !== undefined) return `every ${formatDuration(everyMs)}`;
  const shown = at.slice(0, MAX_LISTED).map(instant => new Date(instant).toISOString().replace(".000Z", "Z"));
  const more = at.length - shown.length;
  return `at ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function some(issue: ConfigIssue | null): ConfigIssue[] {
  return issue === null ? [] : [issue];
}
