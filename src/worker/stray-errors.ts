import { AsyncLocalStorage } from "node:async_hooks";
import { errorOf } from "../errors.ts";
import type { Events } from "../events.ts";
import { describeError } from "./run-error.ts";

/** A run, as errors are attributed to it. */
export interface RunScope {
  readonly job: string;
  readonly run: string;
}

const scope = new AsyncLocalStorage<RunScope>();

const inProgress = new Set<RunScope>();

/**
 * Calls `work` so that an error which escapes from it later, or an end of the process, can still be attributed to its
 * run.
 */
export async function inRunScope<T>(run: RunScope, work: () => Promise<T> | T): Promise<T> {
  inProgress.add(run);
  try {
    return await scope.run(run, work);
  } finally {
    inProgress.delete(run);
  }
}

/**
 * The run whose handler this code belongs to, also in its timers and callbacks; null elsewhere. For a program's own listeners to
 * `unhandledRejection` and `uncaughtException`: Bellwether adds none to a process that embeds it.
 */
export function currentRun(): RunScope | null {
  return scope.getStore() ?? null;
}

export interface StrayErrorsOptions {
  readonly events: Events;
  /** Called for an exception that belongs to no run: the state of the process is unknown, it should end. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Keeps one careless handler from ending the replica and all other runs. Examples are `setTimeout(() => { throw … })`,
 * an `error` event without a listener, and a forgotten `await`. An error that no promise or callback caught is reported
 * as `run.strayError`. The run itself goes on, and its timeout ends it when it hangs because of that.
 *
 * Node keeps the AsyncLocalStorage store of the code that threw or rejected while it calls these two handlers. Of
 * something that a first run made and later ones share (a connection pool), the first run is named.
 *
 * A process that ends while handlers are at work, because one of them calls `process.exit` for example, says so as its
 * last word (`replica.exited`).
 *
 * Returns the function that ends the watch.
 */
export function watchStrayErrors({ events, onFatal }: StrayErrorsOptions): () => void {
  const tell = (error: unknown) => {
    const run = scope.getStore();
    const about = { job: run?.job ?? null, run: run?.run ?? null };
    events.emit("run.strayError", { ...about, ...describeError(error), thrown: errorOf(error) });
    return run !== undefined;
  };
  const onRejection = (reason: unknown) => void tell(reason);
  const onException = (error: unknown) => {
    if (!tell(error)) onFatal(error);
  };
  const onExit = (exitCode: number) => {
    const runs = [...inProgress].map(({ run }) => run);
    if (runs.length > 0)
      events.emit("replica.exited", { exitCode, run: scope.getStore()?.run ?? null, runs });
  };
  process.on("exit", onExit);
  process.on("unhandledRejection", onRejection);
  process.on("uncaughtException", onException);
  return () => {
    process.off("exit", onExit);
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}
