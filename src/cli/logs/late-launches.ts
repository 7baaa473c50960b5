import type { LogRecord } from "../log-line.ts";
import { instantOf } from "./log-entry.ts";

interface Launch {
  readonly run: string;
  readonly dueMs: number;
  readonly lateMs: number;
}

/** By how much a leader's last sign of life on record may be earlier than its last launch. */
const TOLERANCE_MS = 1_000;
/** How many launches wait for the line of their leader, which another file may have. */
const WAITING_LIMIT = 100_000;

/**
 * The launches of one leader that were due before it led, and not before the leader of the previous term had gone: those are
 * late because of the handoff. All times are of the leader's own log, so a wrong clock of its machine does not matter.
 */
export class LateLaunches {
  readonly #lateMs = new Map<string, number>();
  #waiting: Launch[] = [];
  #span: { readonly fromMs: number; readonly toMs: number } | null = null;
  #hasLaunches = false;

  /** Null: no launch of this leader is in the logs, so they were not logged. */
  get count(): number | null {
    return this.#hasLaunches ? this.#lateMs.size : null;
  }

  get maxLateMs(): number | null {
    return this.#lateMs.size === 0 ? null : [...this.#lateMs.values()].reduce((a, b) => Math.max(a, b));
  }

  /** `leader.elected` */
  begin({ time, vacantMs }: LogRecord): void {
    const toMs = instantOf(time);
    if (toMs === null) return;
    const fromMs = typeof vacantMs === "number" ? toMs - vacantMs - TOLERANCE_MS : Number.NEGATIVE_INFINITY;
    this.#span = { fromMs, toMs };
    for (const launch of this.#waiting) this.#judge(launch);
    this.#waiting = [];
  }

  /** `tick.launched`; with `onlyJob` those of other jobs are not counted. */
  add({ time, run, lateMs, job }: LogRecord, onlyJob?: string): void {
    const atMs = instantOf(time);
    if (atMs === null || typeof run !== "string" || typeof lateMs !== "number") return;
    this.#hasLaunches = true;
    if (onlyJob !== undefined && job !== onlyJob) return;
    const launch = { run, dueMs: atMs - lateMs, lateMs };
    if (this.#span !== null) this.#judge(launch);
    else if (this.#waiting.length < WAITING_LIMIT) this.#waiting.push(launch);
  }

  #judge({ run, dueMs, lateMs }: Launch): void {
    if (this.#span === null || dueMs < this.#span.fromMs || dueMs >= this.#span.toMs) return;
    this.#lateMs.set(run, lateMs);
  }
}
