import { sleep } from "../clock/sleep.ts";
import { BellwetherError } from "../errors.ts";
import type { TickKind } from "../event-map.ts";
import { Events } from "../events.ts";
import { schemaOf } from "../handlers/define-handler.ts";
import type { JobInCode } from "../handlers/define-job.ts";
import { FunctionHandler } from "../handlers/function-handler.ts";
import type { HandlerFunction, Run, RunLog } from "../handlers/handler.ts";
import type { Context } from "../handlers/register.ts";
import { runIdOf } from "../launch/run-id.ts";
import { Locks } from "../locks/locks.ts";
import { type AbortCause, withContext } from "../worker/attempt.ts";
import { MemoryLockStore } from "./memory-lock-store.ts";

/** Named by the reason of an abort; nothing waits for it. */
const TIMEOUT_MS = 60_000;

export interface TestRunOptions<Data> {
  /** That of the job in code by default, or `{}`. */
  readonly data?: Data;
  /** What the handler gets as `run.context`. */
  readonly context?: Context;
  /** `test-job` by default. */
  readonly job?: string;
  /** 2026-01-01T00:00:00Z by default, so that a test gives the same result each day. */
  readonly tick?: Date;
  /** `scheduled` by default. */
  readonly kind?: TickKind;
  /** 1 by default. */
  readonly attempt?: number;
}

/** A line that the handler logged. */
export interface LoggedLine {
  readonly level: keyof RunLog;
  readonly fields: object;
  readonly message: string | undefined;
}

/** One call of a handler, and what it did with its run. */
export interface TestRun<Result> {
  /** What the handler got. */
  readonly run: Run;
  /** What the handler returned, or threw; BW_DATA_INVALID where its schema refuses the data. */
  readonly result: Promise<Awaited<Result>>;
  /** What it has logged so far, in order. */
  readonly logs: readonly LoggedLine[];
  /** What it has passed to `run.progress` so far, in order. */
  readonly progress: readonly (number | object)[];
  /** The locks that it has taken so far, in order. */
  readonly locks: readonly { readonly name: string; readonly fence: number }[];
  /**
   * Aborts `run.signal`, with the reason that a replica gives: the run's time has ended (the default), the replica shuts
   * down, or another replica has taken the run over. Ends the waiting for a lock, too.
   */
  abort(cause?: AbortCause): void;
}

/**
 * Calls a handler, or the function of a job in code, with a run that needs no server, for a unit test.
 *
 *     const { result, logs } = testRun(handler, { data: { format: "pdf" } });
 *     expect(await result).toEqual({ pages: 3 });
 *
 * Locks exclude each other within this call only, and never expire. There are no retries and no timeout: call it again
 * with the next `attempt`, or call `abort`.
 */
export function testRun<Data, Result>(
  handler: JobInCode | ((...args: Parameters<HandlerFunction<Data>>) => Result),
  options: TestRunOptions<Data> = {},
): TestRun<Result> {
  const { job = "test-job", tick = new Date("2026-01-01T00:00:00Z") } = options;
  const controller = new AbortController();
  const logs: LoggedLine[] = [];
  const progress: (number | object)[] = [];
  const taken: { readonly name: string; readonly fence: number }[] = [];
  const events = new Events();
  events.on("lock.acquired", ({ lock, fence }) => taken.push({ name: lock, fence }));
  const id = runIdOf(job, tick.getTime());
  const withoutContext: Omit<Run, "context"> = {
    id,
    job,
    tick,
    kind: options.kind ?? "scheduled",
    attempt: options.attempt ?? 1,
    term: 1,
    replica: "test",
    signal: controller.signal,
    log: recordingLog(logs),
    progress: async value => void progress.push(value),
    lock: createLocks(events).within({ run: id, signal: controller.signal }),
  };
  const run = withContext(withoutContext, options.context);
  const isFunction = typeof handler === "function";
  const { run: work, schema } = isFunction ? { run: handler, schema: schemaOf(handler) } : handler;
  const data = options.data ?? (isFunction ? {} : handler.data) ?? {};
  const function_ = new FunctionHandler({ run: work as HandlerFunction, schema: schema ?? null });
  const result = function_.handle(data as Record<string, unknown>, run) as Promise<Awaited<Result>>;
  // A test that expects a failure may look at it later.
  result.catch(() => undefined);
  return {
    run,
    result,
    logs,
    progress,
    locks: taken,
    abort: (cause = "timeout") => controller.abort(reasonOf(cause, { job, run: id })),
  };
}

function recordingLog(logs: LoggedLine[]): RunLog {
  const log =
    (level: keyof RunLog) =>
    (fields: object | string, message?: string): void => {
      logs.push(
        typeof fields === "string" ? { level, fields: {}, message: fields } : { level, fields, message },
      );
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

function createLocks(events: Events): Locks {
  const clock = { monotonicMs: () => performance.now(), nowMs: () => Date.now(), sleep };
  return new Locks({ store: new MemoryLockStore(), clock, events, random: () => 0 });
}

function reasonOf(cause: AbortCause, about: { job: string; run: string }): Error {
  if (cause === "timeout") {
    return new BellwetherError("BW_RUN_TIMEOUT", { ...about, timeoutMs: TIMEOUT_MS, stopped: true });
  }
  return new BellwetherError(cause === "shutdown" ? "BW_RUN_SHUTDOWN" : "BW_RUN_LOST", about);
}
