import { AsyncLocalStorage } from "node:async_hooks";
import type { Events } from "../events.ts";
import { describeError } from "./run-error.ts";

interface RunScope {
  readonly job: string;
  readonly run: string;
}

const scope = new AsyncLocalStorage<RunScope>();

/** Calls `work` so that an error which escapes from it later can still be told against its run. */
export function inRunScope<T>(run: RunScope, work: () => T): T {
  return scope.run(run, work);
}

export interface StrayErrorsOptions {
  readonly events: Events;
  /** Called for an exception that belongs to no run: the state of the process is unknown, it should end. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Keeps one careless handler from ending the replica and everybody else's runs. An error that no promise or
 * callback caught (`setTimeout(() => { throw … })`, an `error` event without a listener, a forgotten `await`) is
 * told as `run.strayError`; the run itself goes on, and its timeout ends it when it hangs because of that.
 *
 * Node keeps the AsyncLocalStorage store of the code that threw or rejected while it calls these two handlers. Of
 * something that a first run made and later ones share (a connection pool), the first run is named.
 *
 * Returns the function that ends the watch.
 */
export function watchStrayErrors({ events, onFatal }: StrayErrorsOptions): () => void {
  const tell = (error: unknown) => {
    const run = scope.getStore();
    events.emit("run.strayError", { job: run?.job ?? null, run: run?.run ?? null, ...describeError(error) });
    return run !== undefined;
  };
  const onRejection = (reason: unknown) => void tell(reason);
  const onException = (error: unknown) => {
    if (!tell(error)) onFatal(error);
  };
  process.on("unhandledRejection", onRejection);
  process.on("uncaughtException", onException);
  return () => {
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}
