import { setImmediate } from "node:timers/promises";
import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { Job } from "../config/config.ts";
import type { Events } from "../events.ts";
import type { DueLane } from "../launch/cursors.ts";
import { pagesOf } from "../launch/pages.ts";
import type { Tick } from "../schedule/schedule.ts";
import { AlarmReads } from "./alarm-reads.ts";

/** A tick that is undecided for this long is no handoff any more: every takeover has finished by then, at any TTL. */
const OVERDUE_MS = 60_000;
const INTERVAL_MS = 20_000;
/**
 * A cursor moves when a tick is due, so those of quiet jobs are read in turn, this many at each look. Only a cursor that
 * another program moved is noticed later for it.
 */
const QUIET_JOBS_A_LOOK = 5_000;
/** One command each, of some 100 kB. */
const JOBS_A_READ = 5_000;
/** After this many the event loop turns. */
const JOBS_A_TURN = 1_000;

export interface OverdueAlarmOptions {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly events: Events;
  /** By job, each schedule of which ticks are to be expected. Rejects when the store is away or refuses. */
  readonly readLanes: (jobs: readonly Job[]) => Promise<ReadonlyMap<string, readonly DueLane[]>>;
  /** By job, until when its ticks waited for the run before them (epoch ms); Infinity while they do. */
  readonly readWaits: (jobs: readonly Job[]) => Promise<ReadonlyMap<string, number>>;
}

/**
 * Raises the alarm when a job's tick should have been decided long ago. Every replica checks, not just the leader,
 * because a leader that hangs would not report itself. Reported when it begins, then at doubling intervals while it
 * lasts.
 */
export class OverdueAlarm {
  readonly checks: PeriodicTask;
  readonly #options: OverdueAlarmOptions;
  readonly #reads: AlarmReads;
  #watched: WatchedJobs;
  /** How long a job must be overdue before it is reported (again). */
  readonly #tellAfterMs = new Map<string, number>();
  /** Of the last look: those that are due or silenced. */
  #verdicts: readonly Verdict[] = [];

  constructor(options: OverdueAlarmOptions) {
    this.#options = options;
    this.#watched = watch(options.jobs);
    this.#reads = new AlarmReads({
      ...options,
      what: "which ticks are decided",
      loss: "overdue jobs are not reported",
    });
    // Not immediately: after a long outage everything is overdue, and the first leader is about to catch up.
    this.checks = new PeriodicTask({
      clock: options.clock,
      delayMs: INTERVAL_MS,
      intervalMs: INTERVAL_MS,
      act: () => this.#look(),
    });
  }

  setJobs(jobs: readonly Job[]): void {
    this.#watched = watchAlso(jobs, this.#watched);
  }

  /** The jobs that were found overdue at the last look, and for how long they have been by now. */
  overdueMs(): ReadonlyMap<string, number> {
    const nowMs = this.#options.clock.nowMs();
    const overdue = this.#verdicts.filter(({ overdueMs }) => overdueMs >= OVERDUE_MS);
    return new Map(overdue.map(({ job, overdueMs, atMs }) => [job, nowMs - (atMs - overdueMs)]));
  }

  /** The jobs that were found silenced at the last look, and for how long they still will be. */
  silencedMs(): ReadonlyMap<string, number> {
    const nowMs = this.#options.clock.nowMs();
    const silent = this.#verdicts.filter(({ silentMs }) => silentMs >= OVERDUE_MS);
    return new Map(silent.map(({ job, silentMs, atMs }) => [job, atMs + silentMs - nowMs]));
  }

  async #look(): Promise<void> {
    const watched = this.#watched;
    const asked = toAsk(watched, this.#verdicts, this.#options.clock.nowMs());
    const verdicts = await this.#reads.read(() => this.#judge(watched, asked));
    this.#verdicts = verdicts ?? this.#withoutRedis(watched);
    // While Redis is away, redis.unreachable and leader.absent tell it, not a line for each job.
    if (verdicts === null) return;
    for (const verdict of verdicts) this.#tell(verdict);
    const found = new Set(verdicts.map(({ job }) => job));
    for (const job of this.#tellAfterMs.keys()) if (!found.has(job)) this.#tellAfterMs.delete(job);
  }

  async #judge(watched: WatchedJobs, asked: readonly number[]): Promise<Verdict[]> {
    const { readLanes, readWaits, clock } = this.#options;
    const verdicts: Verdict[] = [];
    for (const page of pagesOf(asked, JOBS_A_READ)) {
      const jobs = page.map(index => watched.jobs[index] as Job);
      const lanes = await readLanes(jobs);
      const waits = await readWaits(jobs);
      for (const [i, { name }] of jobs.entries()) {
        if (i % JOBS_A_TURN === 0) await setImmediate();
        const own = lanes.get(name) ?? [];
        const first = firstDue(own);
        const waitedToMs = waits.get(name) ?? Number.NEGATIVE_INFINITY;
        const sinceMs = first === null ? Number.POSITIVE_INFINITY : Math.max(first.dueAtMs, waitedToMs);
        const index = page[i] as number;
        watched.dueAtMs[index] = own.length === 0 ? Number.NaN : (first?.dueAtMs ?? Number.POSITIVE_INFINITY);
        watched.sinceMs[index] = sinceMs;
        const atMs = clock.nowMs();
        const cursor = Math.max(...own.map(lane => lane.cursor));
        const verdict = {
          job: name,
          atMs,
          first,
          cursor,
          overdueMs: atMs - sinceMs,
          silentMs: cursor - atMs,
        };
        if (verdict.overdueMs > 0 || verdict.silentMs > 0) verdicts.push(verdict);
      }
    }
    return verdicts;
  }

  /** No replica decides a tick meanwhile, as far as this one can know. */
  #withoutRedis({ jobs, sinceMs }: WatchedJobs): Verdict[] {
    const atMs = this.#options.clock.nowMs();
    const silenced = this.#verdicts.flatMap(verdict => {
      const silentMs = verdict.cursor - atMs;
      return silentMs > 0 ? [{ ...verdict, atMs, silentMs, overdueMs: 0 }] : [];
    });
    const due = [...sinceMs.keys()].filter(index => (sinceMs[index] ?? Number.NaN) < atMs);
    return [
      ...silenced,
      ...due.map(index => ({
        job: (jobs[index] as Job).name,
        atMs,
        first: null,
        cursor: Number.NEGATIVE_INFINITY,
        overdueMs: atMs - (sinceMs[index] as number),
        silentMs: Number.NEGATIVE_INFINITY,
      })),
    ];
  }

  #tell({ job, first, overdueMs, cursor, silentMs }: Verdict): void {
    const { events } = this.#options;
    const forMs = Math.round(Math.max(overdueMs, silentMs));
    if (forMs < OVERDUE_MS) {
      this.#tellAfterMs.delete(job);
    } else if (forMs >= (this.#tellAfterMs.get(job) ?? OVERDUE_MS)) {
      this.#tellAfterMs.set(job, 2 * forMs);
      if (silentMs >= OVERDUE_MS) {
        events.emit("job.silenced", { job, until: new Date(cursor).toISOString(), forMs });
      } else if (first !== null) {
        events.emit("job.overdue", { job, tick: new Date(first.tick.at).toISOString(), forMs });
      }
    }
  }
}

/** Numbers instead of an object for each job: nearly all jobs are quiet. */
interface WatchedJobs {
  readonly jobs: readonly Job[];
  /** By index, when the first undecided tick is due (epoch ms); NaN while that is not known. */
  readonly dueAtMs: Float64Array;
  /** By index, since when it would be overdue: later where it waits for the run before it. */
  readonly sinceMs: Float64Array;
  /** Where the next look goes on with the quiet jobs. */
  nextQuiet: number;
}

function watch(jobs: readonly Job[]): WatchedJobs {
  const unknown = () => new Float64Array(jobs.length).fill(Number.NaN);
  return { jobs, dueAtMs: unknown(), sinceMs: unknown(), nextQuiet: 0 };
}

/** As before, of the jobs that have not changed: reading all of them again takes very many jobs seconds. */
function watchAlso(jobs: readonly Job[], before: WatchedJobs): WatchedJobs {
  const watched = watch(jobs);
  // A job that was added or removed moves all behind it.
  let from = 0;
  for (const [index, job] of jobs.entries()) {
    const found = [from, index].find(at => before.jobs[at] === job);
    if (found === undefined) continue;
    watched.dueAtMs[index] = before.dueAtMs[found] as number;
    watched.sinceMs[index] = before.sinceMs[found] as number;
    from = found + 1;
  }
  return watched;
}

/** The indexes of the jobs that may be overdue or silenced, and of some quiet ones. */
function toAsk(watched: WatchedJobs, before: readonly Verdict[], nowMs: number): number[] {
  const { jobs, dueAtMs, nextQuiet } = watched;
  const silenced = new Set(before.flatMap(({ job, silentMs }) => (silentMs > 0 ? job : [])));
  const endQuiet = nextQuiet + QUIET_JOBS_A_LOOK;
  const isInTurn = (index: number) =>
    (index >= nextQuiet && index < endQuiet) || index + jobs.length < endQuiet;
  watched.nextQuiet = jobs.length === 0 ? 0 : endQuiet % jobs.length;
  const asked: number[] = [];
  for (let index = 0; index < jobs.length; index++) {
    const isQuiet = (dueAtMs[index] ?? Number.NaN) > nowMs;
    const isSilenced = silenced.size > 0 && silenced.has(jobs[index]?.name ?? "");
    if (!isQuiet || isInTurn(index) || isSilenced) asked.push(index);
  }
  return asked;
}

interface Verdict {
  readonly job: string;
  readonly atMs: number;
  readonly first: { readonly tick: Tick } | null;
  /** For how long its first undecided tick has been due; below 0 before that. */
  readonly overdueMs: number;
  readonly cursor: number;
  /** For how long its ticks still count as decided; below 0 as usual. */
  readonly silentMs: number;
}

/** The undecided tick that is due first; the ticks of one schedule are let go in order. */
function firstDue(lanes: readonly DueLane[]): { readonly tick: Tick; readonly dueAtMs: number } | null {
  const ticks = lanes.flatMap(({ schedule, cursor }) => {
    const tick = schedule.next(cursor);
    return tick === null ? [] : [{ tick, dueAtMs: tick.at + schedule.jitterOf(tick.at) }];
  });
  return ticks.sort((a, b) => a.dueAtMs - b.dueAtMs)[0] ?? null;
}
