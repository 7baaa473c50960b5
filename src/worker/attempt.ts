import { within } from "../clock/within.ts";
import { BellwetherError } from "../errors.ts";
import type { Handler, Run, RunLog } from "../handlers/handler.ts";
import type { LockFunction } from "../locks/lock.ts";
import { toRunError } from "./run-error.ts";
import { inRunScope } from "./stray-errors.ts";

/** Why a handler's signal aborts. */
export type AbortCause = "timeout" | "shutdown" | "lost";

export type AttemptEnd =
  | { readonly outcome: "completed"; readonly result: unknown; readonly durationMs: number }
  | { readonly outcome: "failed"; readonly error: Error; readonly durationMs: number }
  /** The shutdown deadline came first: the run goes back to its queue and this attempt does not count. */
  | { readonly outcome: "returned" }
  /** The run belongs to another replica by now; nothing may be written about it. */
  | { readonly outcome: "lost" };

/** Gives a run its locks; `Locks` is one. */
export interface RunLocks {
  within(scope: { readonly run: string; readonly signal: AbortSignal }): LockFunction;
}

export interface AttemptOptions {
  readonly handler: Handler;
  readonly data: Record<string, unknown>;
  readonly run: Omit<Run, "signal" | "lock" | "context" | "log">;
  /** Makes the run's log. Called when the handler first reads it, which most never do. */
  readonly logOf: () => RunLog;
  readonly context: unknown;
  readonly locks: RunLocks | null;
  readonly timeoutMs: number | null;
  readonly abortGraceMs: number;
}

type HandlerResult =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: unknown };

/** setTimeout takes more for 1 ms; 24 days is no timeout that an operator waits for. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One call of a handler, which ends in time whatever the handler does.
 *
 *     running ──settles──────────────────────────────▶ completed | failed
 *        │ abort(cause): the signal aborts
 *        ▼
 *     aborting ──settles, or the grace ends─────▶ timeout: failed
 *                                                 shutdown: completed if it still made it, else returned
 *                                                 lost: lost
 *
 * JavaScript cannot stop a function: a handler that ignores its signal goes on in the background, and what comes
 * of it is ignored. Its retry may then run beside it; a handler that must not overlap must watch `run.signal`.
 */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #controller = new AbortController();
  readonly #aborted = Promise.withResolvers<AbortCause>();

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  get isAborted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Aborts the handler's signal. Only the first cause counts. */
  abort(cause: AbortCause): void {
    if (this.isAborted) return;
    this.#controller.abort(this.#reasonOf(cause));
    this.#aborted.resolve(cause);
  }

  /** Calls the handler, once. Never rejects. */
  async execute(): Promise<AttemptEnd> {
    const { timeoutMs, abortGraceMs } = this.#options;
    const startedAt = performance.now();
    const timeout =
      timeoutMs === null
        ? undefined
        : setTimeout(() => this.abort("timeout"), Math.min(timeoutMs, MAX_TIMER_MS));
    const settled = this.#call();
    const first = await Promise.race([settled, this.#aborted.promise]);
    clearTimeout(timeout);
    const cause = typeof first === "string" ? first : null;
    const last = typeof first === "string" ? await within(settled, abortGraceMs, null) : first;
    return this.#endOf(cause, last, Math.round(performance.now() - startedAt));
  }

  async #call(): Promise<HandlerResult> {
    const { handler, data, run, logOf, locks, context } = this.#options;
    const { signal } = this.#controller;
    try {
      const lock = locks?.within({ run: run.id, signal }) ?? noLock;
      // The log last: what copies the run's properties would read it.
      const withSignal: Run = withLog(withContext({ ...run, signal, lock }, context), logOf);
      return {
        ok: true,
        result: await inRunScope({ job: run.job, run: run.id }, () => handler.handle(data, withSignal)),
      };
    } catch (error) {
      return { ok: false, error };
    }
  }

  #endOf(cause: AbortCause | null, settled: HandlerResult | null, durationMs: number): AttemptEnd {
    if (cause === "lost") return { outcome: "lost" };
    if (cause === "timeout")
      return { outcome: "failed", error: this.#timeoutError(settled !== null), durationMs };
    if (settled?.ok) return { outcome: "completed", result: settled.result, durationMs };
    if (cause === "shutdown" || settled === null) return { outcome: "returned" };
    return { outcome: "failed", error: toRunError(settled.error), durationMs };
  }

  /** What `signal.reason` is: a handler that does `signal.throwIfAborted()` fails with a text that explains itself. */
  #reasonOf(cause: AbortCause): Error {
    if (cause === "timeout") return this.#timeoutError(true);
    const { job, id: run } = this.#options.run;
    return new BellwetherError(cause === "shutdown" ? "BW_RUN_SHUTDOWN" : "BW_RUN_LOST", { job, run });
  }

  #timeoutError(stopped: boolean): Error {
    const { job, id: run } = this.#options.run;
    const timeoutMs = this.#options.timeoutMs ?? 0;
    return new BellwetherError("BW_RUN_TIMEOUT", { job, run, timeoutMs, stopped });
  }
}

function withLog<T extends object>(run: T, logOf: () => RunLog): T & Pick<Run, "log"> {
  let log: RunLog | undefined;
  const get = () => {
    log ??= logOf();
    return log;
  };
  return Object.defineProperty(run, "log", { enumerable: true, get }) as T & Pick<Run, "log">;
}

/** Who reads a context that is not there learns that from the error, and not from a property of `undefined`. */
export function withContext<T extends Pick<Run, "job">>(run: T, context: unknown): T & Pick<Run, "context"> {
  if (context !== undefined) return { ...run, context } as T & Pick<Run, "context">;
  return Object.defineProperty(run, "context", {
    get: () => {
      throw new BellwetherError("BW_CONTEXT_MISSING", { job: run.job });
    },
  }) as T & Pick<Run, "context">;
}

function noLock(): Promise<never> {
  return Promise.reject(new BellwetherError("BW_BUG", { rule: "what calls handlers gives them locks" }));
}
