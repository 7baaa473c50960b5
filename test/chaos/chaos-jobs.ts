import { createSchedule } from "../../src/schedule/create-schedule.ts";
import { CALENDAR, CALENDAR_FILE, type Exception } from "./exceptions.ts";
import type { JobRules, JudgedJob } from "./verdict.ts";

/** A job under test: its text in the configuration, and what its handler does. */
export interface ChaosJob extends Omit<JobRules, "jitterOf" | "isExcepted"> {
  readonly name: string;
  readonly except?: Exception;
  readonly jitterMs?: number;
  readonly takesMs?: number;
  readonly queue?: string;
  /** Its runs write to a resource that a lock protects. */
  readonly isLocked?: boolean;
}

export const QUEUE = "default";
/** A queue that is cleaned from outside. */
export const SWEPT_QUEUE = "swept";

const SECOND_MS = 1_000;
const STEADY_JOBS = 14;
/** Jobs whose handlers take longer than a second, so that every other tick finds the run before it in its way. */
const SLOW_JOBS = 3;
const SLOW_MS = 1_300;
/** They share a lock. */
const LOCKING_JOBS = 2;

export const EACH_SECOND = { periodMs: SECOND_MS, overlap: "allow", catchUp: "all" } as const;

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
  { ...EACH_SECOND, name: "paused-all" },
  { ...EACH_SECOND, name: "paused-latest", catchUp: "latest" },
  { ...EACH_SECOND, name: "paused-none", catchUp: "none" },
  { ...EACH_SECOND, name: "swept", queue: SWEPT_QUEUE },
  { ...EACH_SECOND, name: "swept-skipping", queue: SWEPT_QUEUE, overlap: "skip", takesMs: SLOW_MS },
  { ...EACH_SECOND, name: "swept-queueing", queue: SWEPT_QUEUE, overlap: "queue", takesMs: SLOW_MS },
  ...several("locking", LOCKING_JOBS, { isLocked: true }),
];

/** Jobs that are removed from the files of running replicas, and put back. */
export const REMOVED: readonly ChaosJob[] = [
  { ...EACH_SECOND, name: "removed-all" },
  { ...EACH_SECOND, name: "removed-latest", catchUp: "latest" },
  { ...EACH_SECOND, name: "removed-none", catchUp: "none" },
];

/** The jobs as a jobs.yaml. */
export function yamlOf(jobs: readonly ChaosJob[]): string {
  return [
    `calendars: { ${CALENDAR}: { file: ${CALENDAR_FILE} } }`,
    "jobs:",
    ...jobs.map(job => `  ${job.name}: { ${fieldsOf(job).join(", ")} }`),
  ].join("\n");
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
    except,
    takesMs,
    isLocked,
  } = job;
  const optional = {
    catchUpWindow: catchUpWindowMs && `${catchUpWindowMs}ms`,
    catchUpLimit,
    jitter: jitterMs && `${jitterMs}ms`,
    maxRuns,
    except: except && `["${except.entry}"]`,
    data: isLocked ? "{ isLocked: true }" : takesMs && `{ takesMs: ${takesMs} }`,
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

export function rulesOf({
  name,
  jitterMs = 0,
  except,
  takesMs: _,
  queue: __,
  isLocked: ___,
  ...others
}: ChaosJob): JobRules {
  const rules = { ...others, ...(except && { isExcepted: except.covers }) };
  if (jitterMs === 0) return rules;
  const created = createSchedule({
    everyMs: rules.periodMs,
    timezone: "UTC",
    except: [],
    jitterMs,
    seed: name,
    dst: { gap: "run", overlap: "first" },
  });
  if (!created.ok) throw new Error(`BUG: ${name} has no schedule`);
  return { ...rules, jitterOf: tickAtMs => created.schedule.jitterOf(tickAtMs) };
}

export const HANDLER = `import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineHandler } from "bellwether";

const append = (file, line) => appendFileSync(file, JSON.stringify(line) + "\\n");
/** The wall clock may be an hour off; this one is the machine's. */
const machineMs = () => Number(process.hrtime.bigint()) / 1e6;

export default defineHandler(async (data, run) => {
  const { id, tick, attempt, term, replica } = run;
  append(process.env.CHAOS_RECORD, { run: id, tick, attempt, term, replica, at: Date.now(), fromMs: machineMs() });
  if (data.takesMs) await sleep(data.takesMs);
  if (data.isLocked) await run.lock("ledger", { ttl: "2s", wait: "3s" }, work(replica)).catch(() => undefined);
  append(process.env.CHAOS_RECORD, { run: id, attempt, replica, succeededMs: machineMs() });
  return "done";
});

const work = replica => async lock => {
  const { fence } = lock;
  append(process.env.CHAOS_LOCKS, { fence, replica, fromMs: machineMs() });
  let lostMs = null;
  lock.signal.addEventListener("abort", () => { lostMs = machineMs(); });
  for (let step = 0; step < 6 && !lock.signal.aborted; step++) await sleep(40);
  append(process.env.CHAOS_LOCKS, { fence, replica, untilMs: lostMs ?? machineMs() });
};
`;
