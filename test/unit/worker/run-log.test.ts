import type { Job as BullJob } from "bullmq";
import { expect, it } from "vitest";
import type { Run } from "../../../src/handlers/handler.ts";
import { ActiveRun, type ActiveRunOptions } from "../../../src/worker/active-run.ts";
import type { JobLog } from "../../../src/worker/job-log.ts";

/** What a handler finds in `run.log`, and how often a log was made for it. */
async function logOf(context: unknown, read: (run: Run) => unknown) {
  let made = 0;
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const options: Partial<ActiveRunOptions> = {
    bullJob: { id: "report@1", name: "report", attemptsMade: 0, timestamp: 0, data: {} } as BullJob,
    handler: { handle: async (_, run) => read(run) },
    timeoutMs: null,
    locks: null,
    context,
    abortGraceMs: 1_000,
    lockDurationMs: 30_000,
    log: {
      child: () => {
        made++;
        return log;
      },
    },
    jobLog: { tee: (teed: object) => teed, flush: nothing } as unknown as JobLog,
    onLockExpired: nothing,
  };
  const end = await new ActiveRun(options as ActiveRunOptions).execute();
  return { made, found: end.outcome === "completed" && end.result, log };
}

function nothing(): void {
  return;
}

it.each([undefined, { db: 1 }])(
  "makes a run's log when it is read, and once, with a context of %o",
  async context => {
    expect(await logOf(context, run => run.id)).toMatchObject({ made: 0, found: "report@1" });
    const { made, found, log } = await logOf(context, run => [run.log, { ...run }.log]);
    expect(made).toBe(1);
    expect(found).toEqual([log, log]);
  },
);
