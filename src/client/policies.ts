import type { Config, Job } from "../config/config.ts";
import type { PolicySources } from "../config/policy-sources.ts";
import type { Definition } from "../launch/definition.ts";
import { durationText } from "../schedule/duration.ts";
import { kindsIn, type ScheduleSpec } from "../schedule/spec.ts";
import { isoOf } from "./iso.ts";

/** A setting of a job as it is in force. */
export interface PolicyRow {
  /** The key in a job; of a key in a section with the section's name: `retry.attempts`. */
  readonly name: string;
  /** As the configuration writes it; null where there is no limit. */
  readonly value: string | number | boolean | null | readonly string[];
  /** `stored`: only the cluster knows the job, and what its leader has stored does not say. */
  readonly source: "job" | "defaults" | "built-in" | "stored";
}

type Value = PolicyRow["value"];

/** The policies of a job of the configuration. */
export function configuredPolicies(job: Job, config: Config): readonly PolicyRow[] {
  const sources = config.policySources[config.jobs.findIndex(({ name }) => name === job.name)];
  const { retry, retention, priority, lifo, timeoutMs } = job;
  const own = sourceOf(sources);
  return [
    ...tickPolicies(job).map(([name, value]) => ({ name, value, source: own(name) })),
    ...Object.entries<Value>({
      priority,
      lifo,
      timeout: timeoutMs === null ? null : durationText(timeoutMs),
      "retry.attempts": retry.attempts,
      "retry.backoff": retry.backoff,
      "retry.delay": durationText(retry.delayMs),
      "retry.jitter": retry.jitter,
      "retention.completed.age": durationText(retention.completed.ageMs),
      "retention.completed.count": retention.completed.count,
      "retention.failed.age": durationText(retention.failed.ageMs),
      "retention.failed.count": retention.failed.count,
    }).map(([name, value]) => ({ name, value, source: own(name) })),
  ];
}

/** The policies of a job that only the cluster knows: those that decide about ticks are stored. */
export function storedPolicies(definition: Definition): readonly PolicyRow[] {
  return tickPolicies(definition).map(([name, value]) => ({ name, value, source: "stored" }));
}

/** Keys of a job alone are its own; Bellwether has a value for all others. */
function sourceOf(sources: PolicySources | undefined): (name: string) => PolicyRow["source"] {
  return name => sources?.[name] ?? (JOB_ONLY.has(name) ? "job" : "built-in");
}

const JOB_ONLY: ReadonlySet<string> = new Set(["cron", "every", "at", "start", "end", "except", "maxRuns"]);

type TickPolicies = Pick<
  Job,
  "spec" | "catchUp" | "catchUpWindowMs" | "catchUpLimit" | "maxRuns" | "overlap" | "queue"
>;

function tickPolicies(job: TickPolicies): readonly (readonly [string, Value])[] {
  const { spec, catchUp, catchUpWindowMs, catchUpLimit, maxRuns, overlap, queue } = job;
  const { timezone, dst, jitterMs } = spec;
  return [
    ...kindsIn(spec).map(({ kind, value }) => [kind.key, kind.text(value)] as const),
    ["timezone", timezone],
    ["dst.gap", dst.gap],
    ["dst.overlap", dst.overlap],
    ...boundsOf(spec),
    ["jitter", durationText(jitterMs)],
    ...(maxRuns === null ? [] : [["maxRuns", maxRuns] as const]),
    ["catchUp", catchUp],
    ["catchUpWindow", Number.isFinite(catchUpWindowMs) ? durationText(catchUpWindowMs) : null],
    ["catchUpLimit", Number.isFinite(catchUpLimit) ? catchUpLimit : null],
    ["overlap", overlap],
    ["queue", queue],
  ];
}

function boundsOf({ startMs, endMs, except }: ScheduleSpec): readonly (readonly [string, Value])[] {
  return [
    ...(startMs === undefined ? [] : [["start", isoOf(startMs)] as const]),
    ...(endMs === undefined ? [] : [["end", isoOf(endMs)] as const]),
    ...(except.length === 0 ? [] : [["except", except] as const]),
  ];
}
