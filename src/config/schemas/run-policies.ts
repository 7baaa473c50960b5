import { deepFreeze } from "../freeze.ts";
import { type InMs, inMs } from "./fields.ts";
import { JOB_DEFAULTS, type JobDefinition, type JobPolicies, runShape } from "./job-schema.ts";
import { retentionOf } from "./run-sections.ts";

type RunKey = keyof typeof runShape;
const RUN_KEYS = Object.keys(runShape) as RunKey[];
const NO_DATA: NonNullable<JobDefinition["data"]> = Object.freeze({});
const RUN_DEFAULTS = { ...JOB_DEFAULTS, timeout: null, maxRuns: null, data: NO_DATA };
/** What a job says about its runs, by what it is called with its unit. */
const RUN_FIELDS = Object.entries(
  inMs("catchUpWindow", "timeout")(Object.fromEntries(RUN_KEYS.map(key => [key, key]))),
) as [string, RunKey][];
const retryInMs = inMs("delay");

type Nullable<T, K extends keyof T> = Omit<T, K> & { [P in K]: T[P] | null };

function retryOf(defaults: JobPolicies["retry"], own: JobPolicies["retry"]) {
  return deepFreeze(retryInMs({ ...JOB_DEFAULTS.retry, ...defaults, ...own }));
}

export type RunPolicies = Omit<
  InMs<Nullable<Required<Pick<JobDefinition, RunKey>>, "timeout" | "maxRuns">, "catchUpWindow" | "timeout">,
  "retry" | "retention"
> & {
  readonly retry: ReturnType<typeof retryOf>;
  readonly retention: ReturnType<typeof retentionOf>;
};

/** Merged sections by the job's own one: most jobs of a file say the same, and share it then. */
interface SharedSections {
  readonly retry: Map<JobPolicies["retry"], RunPolicies["retry"]>;
  readonly retention: Map<JobPolicies["retention"], RunPolicies["retention"]>;
}

const sharedSections = new WeakMap<JobPolicies, SharedSections>();

/**
 * What a job says about its runs, and not about its ticks: its own values, else those of the file's defaults, else
 * Bellwether's; `retry` and `retention` key by key.
 */
export function runPoliciesOf(job: JobDefinition, defaults: JobPolicies): RunPolicies {
  const shared = sharedSections.get(defaults) ?? { retry: new Map(), retention: new Map() };
  sharedSections.set(defaults, shared);
  const retry = shared.retry.get(job.retry) ?? retryOf(defaults.retry, job.retry);
  const retention =
    shared.retention.get(job.retention) ?? deepFreeze(retentionOf(defaults.retention, job.retention));
  shared.retry.set(job.retry, retry);
  shared.retention.set(job.retention, retention);
  const own: Partial<Record<RunKey, unknown>> = { ...job, retry, retention };
  const others: Partial<Record<RunKey, unknown>> = defaults;
  const policies: Record<string, unknown> = {};
  for (const [name, key] of RUN_FIELDS) policies[name] = own[key] ?? others[key] ?? RUN_DEFAULTS[key];
  return policies as RunPolicies;
}
