import { writtenAt } from "../surviving-stream.ts";
import type { JudgedJob, QueueEvent, Recorded } from "./evidence.ts";
import { type ExpectedTick, expectedTicks } from "./expected-ticks.ts";
import type { ControlSpans } from "./operator-commands.ts";
import { readRun } from "./run-name.ts";
import type { RunSpan } from "./runs-in-the-way.ts";
import { overlaps, union, type Window } from "./windows.ts";

/** An `added` event, and where it is in the stream. */
export interface Added {
  readonly atMs: number;
  readonly index: number;
}

/** A tick, and what was written about it. */
export interface TickAccount extends ExpectedTick {
  readonly rows: readonly Recorded[];
  readonly added: readonly Added[];
}

/** Everything that is known of one job. */
export interface JobAccount {
  readonly job: JudgedJob;
  /** Those that are judged, ascending. */
  readonly ticks: readonly TickAccount[];
  /** Those that follow them. */
  readonly ahead: readonly ExpectedTick[];
  /** Runs and records of ticks that the job does not have. */
  readonly strays: readonly string[];
  readonly controls: ControlSpans;
  readonly spans: readonly RunSpan[];
  readonly clockSteps: readonly Window[];
}

export interface AccountOptions {
  readonly events: readonly QueueEvent[];
  readonly history: readonly Recorded[];
  readonly controls: ControlSpans;
  readonly spans: readonly RunSpan[];
  readonly clockSteps: readonly Window[];
  /** From the first tick that was decided for any job. */
  readonly fromMs: number;
  readonly quietAtMs: number;
}

/** How far behind the last tick that is judged the next ones matter: they may be what it gave way to. */
const AHEAD_MS = 60_000;

/** The most that the clock of Redis is set by. */
const STEP_MS = 4_000;

/**
 * An edit is in force from a moment of Redis's clock, and known by that of this process. While the two differ, a tick near the
 * edit may belong to either side.
 */
function blurred(job: JudgedJob, clockSteps: readonly Window[]): JudgedJob {
  const edits = job.edits?.map(edit =>
    clockSteps.some(window => overlaps(window, edit))
      ? { ...edit, fromMs: edit.fromMs - STEP_MS, untilMs: edit.untilMs + STEP_MS }
      : edit,
  );
  return edits ? { ...job, edits } : job;
}

/** Jobs may be ahead of each other by what was decided when everything was stopped. */
export function accountOf(job: JudgedJob, options: AccountOptions): JobAccount {
  const { events, history, controls, spans, clockSteps, fromMs, quietAtMs } = options;
  const rows = Map.groupBy(
    history.filter(({ run }) => readRun(run).job === job.name),
    ({ run }) => run,
  );
  const added = Map.groupBy(
    events.flatMap((event, index) => {
      const { job: name, kind } = readRun(event.run);
      if (event.event !== "added" || name !== job.name || kind !== "tick") return [];
      return [{ run: event.run, index, atMs: writtenAt(event) }];
    }),
    ({ run }) => run,
  );
  const written = [...rows.keys(), ...added.keys()];
  const lastMs = Math.max(quietAtMs, ...written.map(run => readRun(run).tickAtMs));
  const ticks = expectedTicks(blurred(job, clockSteps), fromMs, lastMs + AHEAD_MS).map(tick => ({
    ...tick,
    rows: rows.get(tick.run) ?? [],
    added: added.get(tick.run) ?? [],
  }));
  const known = new Set(ticks.map(({ run }) => run));
  const last = ticks.findLastIndex(
    ({ rows, added, tickAtMs }) => rows.length + added.length > 0 || tickAtMs <= quietAtMs,
  );
  return {
    job,
    controls,
    spans,
    clockSteps,
    ticks: ticks.slice(0, last + 1),
    ahead: ticks.slice(last + 1),
    strays: [...new Set(written)].filter(run => !known.has(run)),
  };
}

/** When the tick was decided: its run was added, or its record says why not. NaN for one without either. */
export function decidedAt({ rows: [row], added: [first] }: TickAccount): number {
  return first?.atMs ?? row?.atMs ?? Number.NaN;
}

/**
 * When the leader made up its mind, by its own account. What is late is counted from when the tick is due; of a tick with
 * jitter some releases count from its time, so the claim that is nearer to the record counts.
 */
export function plannedAt(tick: TickAccount): number {
  const decidedMs = decidedAt(tick);
  const lateMs = tick.rows[0]?.lateMs;
  if (lateMs === undefined) return decidedMs;
  const claims = [tick.tickAtMs, ...tick.ownDues].map(fromMs => fromMs + lateMs);
  return claims.reduce((a, b) => (Math.abs(b - decidedMs) < Math.abs(a - decidedMs) ? b : a));
}

/**
 * When the job's ticks may wait without being late: while it is paused or removed, and with `queue` behind an unfinished
 * run.
 */
export function waitingWindows(account: JobAccount, tick: TickAccount): readonly Window[] {
  const { controls, job } = account;
  return union([...controls.pauses, ...(job.absences ?? []), ...queuingWindows(account, tick)]);
}

/** When the tick may wait for another run: that time counts for no policy. */
export function queuingWindows({ spans }: JobAccount, tick: TickAccount): readonly Window[] {
  const queues = tick.rules.some(({ overlap }) => overlap === "queue");
  return queues ? spans.filter(({ run }) => run !== tick.run) : [];
}
