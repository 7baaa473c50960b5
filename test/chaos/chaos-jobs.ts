import { createSchedule } from "../../src/schedule/create-schedule.ts";
import type { JobRules, JudgedJob } from "./verdict.ts";

/** A job under test: what stands in its configuration, and what its handler does. */
export interface ChaosJob extends Omit<JobRules, "jitterOf"> {
  readonly name: string;
  readonly jitterMs?: number;
  readonly takesMs?: number;
  readonly queue?: string;
}

export const QUEUE = "default";

const SECOND_MS = 1_000;
const STEADY_JOBS = 14;
/** Jobs whose handlers take longer than a second, so that every other tick finds the run before it in its way. */
const SLOW_JOBS = 3;
const SLOW_MS = 1_300;

const EACH_SECOND = { periodMs: SECOND_MS, overlap: "allow", catchUp: "all" } as const;

function several(name: string, count: number, rules: Partial<ChaosJob>): ChaosJob[] {
  return Array.from({ length: count }, (_, i) => ({ ...EACH_SECOND, name: `${name}-${i}`, ...rules }));
}

export const JOBS: readonly ChaosJob[] = [
  { ...EACH_SECOND, name: "latest", catchUp: "latest" },
  { ...EACH_SECOND, name: "none", catchUp: "none" },
  ...several("steady", STEADY_JOBS, {}),
  ...several("skipping", SLOW_JOBS, { overlap: "skip", takesMs: SLOW_MS }),
  ...several("queueing", SLOW_JOBS, { overlap: "queue", takesMs: SLOW_MS }),
  { ...EACH_SECOND, name: "jittered", jitterMs: 2_500 },
  { ...EACH_SECOND, name: "windowed", catchUpWindowMs: 6_000 },
  { ...EACH_SECOND, name: "capped", catchUpLimit: 3 },
  { ...EACH_SECOND, name: "limited", maxRuns: 60 },
];

/** The jobs as a jobs.yaml. */
export function yamlOf(jobs: readonly ChaosJob[]): string {
  return ["jobs:", ...jobs.map(job => `  ${job.name}: { ${fieldsOf(job).join(", ")} }`)].join("\n");
}

function fieldsOf(job: ChaosJob): string[] {
  const {
    periodMs,
    catchUp,
    overlap,
    queue = QUEUE,
    catchUpWindowMs,
    catchUpLimit,
    jitterMs,
    maxRuns,
    takesMs,
  } = job;
  const optional = {
    catchUpWindow: catchUpWindowMs && `${catchUpWindowMs}ms`,
    catchUpLimit,
    jitter: jitterMs && `${jitterMs}ms`,
    maxRuns,
    data: takesMs && `{ takesMs: ${takesMs} }`,
  };
  return [
    ...[
      `every: ${periodMs}ms`,
      `catchUp: ${catchUp}`,
      `overlap: ${overlap}`,
      `queue: ${queue}`,
      "handler: record",
    ],
    ...Object.entries(optional).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : [])),
  ];
}

/** The jobs as the judge knows them. */
export function judgedOf(job: ChaosJob): JudgedJob {
  return { name: job.name, ...rulesOf(job) };
}

function rulesOf({ name, jitterMs = 0, takesMs: _, queue: __, ...rules }: ChaosJob): JobRules {
  if (jitterMs === 0) return rules;
  const created = createSchedule({
    ...{ everyMs: rules.periodMs, timezone: "UTC", except: [], jitterMs, seed: name },
    dst: { gap: "run", overlap: "first" },
  });
  if (!created.ok) throw new Error(`BUG: ${name} has no schedule`);
  return { ...rules, jitterOf: tickAt => created.schedule.jitterOf(tickAt) };
}

export const HANDLER = `import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineHandler } from "bellwether";

export default defineHandler(async (data, run) => {
  const { id, tick, attempt, term, replica } = run;
  appendFileSync(process.env.CHAOS_RECORD, JSON.stringify({ run: id, tick, attempt, term, replica, at: Date.now() }) + "\\n");
  if (data.takesMs) await sleep(data.takesMs);
  return "done";
});
`;
