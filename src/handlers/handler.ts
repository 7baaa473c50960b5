import type { TickKind } from "../event-map.ts";
import type { LockFunction } from "../locks/lock.ts";
import type { Context } from "./register.ts";

/** What a handler gets beside its data: all it needs to be idempotent. */
export interface Run {
  /** The BullMQ job id, `<job>@<tick>`; the same in every attempt. */
  readonly id: string;
  /** The job's name. */
  readonly job: string;
  /**
   * The scheduled time that the run is for, the same in every attempt; for a manual run the time of the request. The run may
   * begin later: after a handoff, by `catchUp`, or behind others in its queue.
   */
  readonly tick: Date;
  /** Why the run exists: `scheduled`, `catch-up`, `manual` or `backfill`. */
  readonly kind: TickKind;
  /** 1, 2, 3 … A replica that dies or shuts down uses up no attempt. */
  readonly attempt: number;
  /** The term that launched the run; 0 for manual runs. */
  readonly term: number;
  /** The id of the replica that runs it. */
  readonly replica: string;
  /**
   * Aborts on timeout, at the shutdown deadline, or when the run's lock is lost to another replica. `signal.reason` is a
   * BellwetherError that says which: BW_RUN_TIMEOUT, BW_RUN_SHUTDOWN or BW_RUN_LOST.
   */
  readonly signal: AbortSignal;
  /** Lines with `job`, `run` and `attempt`, in the replica's log and, the newest 100, in BullMQ's log of the run. */
  readonly log: RunLog;
  /**
   * What the program gave as `context` to `new Bellwether`, such as its database pool. Reading it throws BW_CONTEXT_MISSING where
   * there is none, as under `bellwether run`. Its type: `Register`.
   */
  readonly context: Context;
  /** Reports progress (0 to 100, or any JSON value) to BullMQ. */
  progress(value: number | object): Promise<void>;
  /**
   * `run.lock("invoices", { ttl: "30s" }, async lock => …)`: does something while no other run, replica or process
   * does it. What that promises, and what only `lock.fence` does: docs/locks.md.
   */
  readonly lock: LockFunction;
}

/** A pino child logger that carries job, run and attempt; the part of it that handlers may rely on. */
export interface RunLog {
  debug(fields: object | string, message?: string): void;
  info(fields: object | string, message?: string): void;
  warn(fields: object | string, message?: string): void;
  error(fields: object | string, message?: string): void;
}

/** The function that does a run's work. What it returns is kept as the BullMQ job's return value (JSON). */
export type HandlerFunction<Data = Record<string, unknown>> = (data: Data, run: Run) => unknown;

/** One handler, of whatever kind, ready to be called. `data` comes without Bellwether's `_tick`. */
export interface Handler {
  /** What is wrong with data, where the handler has a schema of it. Never throws. */
  check?(data: Record<string, unknown>): readonly string[];
  handle(data: Record<string, unknown>, run: Run): Promise<unknown>;
}
