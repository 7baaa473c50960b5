import type { Job } from "../../src/config/config.ts";
import { createSchedule } from "../../src/schedule/create-schedule.ts";
import type { ScheduleSpec } from "../../src/schedule/spec.ts";

/** A job with the defaults of the config, every second unless `overrides` say otherwise. */
export function jobOf(
  name: string,
  overrides: Partial<Job> = {},
  schedule: Partial<ScheduleSpec> = { everyMs: 1_000 },
): Job {
  const spec: ScheduleSpec = {
    timezone: "UTC",
    dst: { gap: "run", overlap: "first" },
    except: [],
    jitterMs: 0,
    seed: name,
    ...schedule,
  };
  const created = createSchedule(spec);
  if (!created.ok) throw new Error(JSON.stringify(created.issues));
  return {
    name,
    spec,
    schedule: created.schedule,
    scheduleText: "every 1s",
    handler: { kind: "module", path: name },
    queue: "default",
    data: {},
    catchUp: "all",
    catchUpWindowMs: 60 * 60_000,
    catchUpLimit: 1_000_000,
    maxRuns: null,
    overlap: "allow",
    retry: { attempts: 1, backoff: "exponential", delayMs: 1_000, jitter: 0 },
    priority: 0,
    lifo: false,
    retention: {
      completed: { ageMs: 24 * 60 * 60_000, count: 10_000 },
      failed: { ageMs: 7 * 24 * 60 * 60_000, count: 10_000 },
    },
    timeoutMs: null,
    ...overrides,
  };
}
