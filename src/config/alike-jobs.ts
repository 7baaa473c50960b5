import { createSchedule, hasSharedTicks } from "../schedule/create-schedule.ts";
import { emptyScheduleIssue } from "../schedule/empty-schedule.ts";
import type { ScheduleSpec } from "../schedule/spec.ts";
import type { Job } from "./config.ts";
import { isMapping } from "./document/document.ts";
import type { ReadJobOptions } from "./job.ts";
import type { PolicySources } from "./policy-sources.ts";

/** Of a file with more kinds of jobs all are read, only slower. */
const KINDS_LIMIT = 10_000;

/** The first job of a kind, and where the policies of all of them come from. */
export interface JobKind {
  readonly job: Job;
  readonly sources: PolicySources;
}

/** A tree by keys and values, in the order in which they are written. */
interface Step {
  readonly next: Map<unknown, Step>;
  kind: (JobKind & { readonly hasSharedTicks: boolean }) | null;
}

/** Before the JSON of a list or a mapping, which may also be written as a text. */
const NESTED = Symbol("nested");

/**
 * Most jobs of a large file differ only in their names and their data. The first of them is checked. The others share its parts, and
 * only what depends on name and data is made for them. For one file whose keys and references are correct.
 */
export class AlikeJobs {
  readonly #fields: ReadJobOptions["fields"];
  readonly #root = newStep();
  #kinds = 0;

  constructor(fields: ReadJobOptions["fields"]) {
    this.#fields = fields;
  }

  /** The job that `readJob` would read; null where it has to. */
  read(name: string, section: unknown): JobKind | null {
    if (!isMapping(section)) return null;
    const kind = this.#stepOf(section)?.kind ?? null;
    const data = kind === null ? null : this.#dataOf(section, kind.job);
    if (kind === null || data === null) return null;
    const spec = Object.freeze({ ...kind.job.spec, seed: name });
    const schedule = kind.hasSharedTicks ? kind.job.schedule : scheduleOf(spec);
    if (schedule === null) return null;
    return { job: Object.freeze({ ...kind.job, name, spec, schedule, data }), sources: kind.sources };
  }

  /** `readJob` has read the section as this job, without mistakes. */
  remember(section: unknown, kind: JobKind): void {
    if (!isMapping(section) || this.#kinds === KINDS_LIMIT) return;
    this.#kinds++;
    const step = this.#stepOf(section, newStep);
    if (step !== null) step.kind = { ...kind, hasSharedTicks: hasSharedTicks(kind.job.spec) };
  }

  /** Null where it has a mistake. */
  #dataOf(section: Record<string, unknown>, first: Job): Job["data"] | null {
    const { data } = section;
    if (data === undefined) return first.data;
    if (!isMapping(data) || "_tick" in data) return null;
    return this.#fields.read({ data })?.data ?? null;
  }

  #stepOf(section: Record<string, unknown>, create?: () => Step): Step | null {
    let step: Step | null = this.#root;
    for (const key in section) {
      const value = section[key];
      step = follow(step, key, create);
      if (key === "data") continue;
      const isNested = typeof value === "object" && value !== null;
      if (isNested) step = follow(step, NESTED, create);
      step = follow(step, isNested ? JSON.stringify(value) : value, create);
    }
    return step;
  }
}

function newStep(): Step {
  return { next: new Map(), kind: null };
}

function follow(step: Step | null, by: unknown, create?: () => Step): Step | null {
  const known = step?.next.get(by) ?? null;
  if (known !== null || step === null || create === undefined) return known;
  const created = create();
  step.next.set(by, created);
  return created;
}

/** Null where it has a mistake. */
function scheduleOf(spec: ScheduleSpec): Job["schedule"] | null {
  const created = createSchedule(spec);
  if (!created.ok || emptyScheduleIssue(spec, created.schedule) !== null) return null;
  return created.schedule;
}
