import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { Job } from "../config/config.ts";
import type { Events } from "../events.ts";
import type { DueLane } from "../launch/cursors.ts";
import type { Tick } from "../schedule/schedule.ts";
import { AlarmReads } from "./alarm-reads.ts";

/** A tick that is undecided for this long is no handoff any more: every takeover has finished by then, at any TTL. */
const OVERDUE_MS = 60_000;
/** Looking costs a read of all cursors and a `next` per job. */
const INTERVAL_MS = 20_000;

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
  #jobs: readonly Job[];
  /** How long a job must be overdue before it is reported (again). */
  readonly #tellAfterMs = new Map<string, number>();
  /** What was read last: while Redis is away no replica decides a tick, as far as this one can know. */
  #known: Known | null = null;
  /** Of the last look. */
  #verdicts: readonly Verdict[] = [];

  constructor(options: OverdueAlarmOptions) {
    this.#options = options;
    this.#jobs = options.jobs;
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
    this.#jobs = jobs;
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
    const jobs = this.#jobs;
    const known = await this.#reads.read(() => this.#read(jobs));
    this.#known = known ?? this.#known;
    if (this.#known === null) return;
    const { lanes, waits } = this.#known;
    this.#verdicts = jobs.flatMap(({ name }) => {
      const own = lanes.get(name) ?? [];
      if (own.length === 0) this.#tellAfterMs.delete(name);
      const waitedToMs = waits.get(name) ?? Number.NEGATIVE_INFINITY;
      return own.length === 0 ? [] : judge(name, own, waitedToMs, this.#options.clock.nowMs());
    });
    // While Redis is away, redis.unreachable and leader.absent tell it, not a line for each job.
    if (known !== null) for (const verdict of this.#verdicts) this.#tell(verdict);
  }

  async #read(jobs: readonly Job[]): Promise<Known> {
    const lanes = await this.#options.readLanes(jobs);
    return { lanes, waits: await this.#options.readWaits(jobs) };
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

interface Known {
  readonly lanes: ReadonlyMap<string, readonly DueLane[]>;
  readonly waits: ReadonlyMap<string, number>;
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

function judge(job: string, lanes: readonly DueLane[], waitedToMs: number, atMs: number): Verdict {
  const first = firstDue(lanes);
  const overdueMs = first === null ? 0 : atMs - Math.max(first.dueAtMs, waitedToMs);
  const cursor = Math.max(...lanes.map(lane => lane.cursor));
  return { job, atMs, first, overdueMs, cursor, silentMs: cursor - atMs };
}

/** The undecided tick that is due first; the ticks of one schedule are let go in order. */
function firstDue(lanes: readonly DueLane[]): { readonly tick: Tick; readonly dueAtMs: number } | null {
  const ticks = lanes.flatMap(({ schedule, cursor }) => {
    const tick = schedule.next(cursor);
    return tick === null ? [] : [{ tick, dueAtMs: tick.at + schedule.jitterOf(tick.at) }];
  });
  return ticks.sort((a, b) => a.dueAtMs - b.dueAtMs)[0] ?? null;
}
