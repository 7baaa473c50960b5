import type { Clock } from "../clock/clock.ts";
import { Routine } from "../clock/routine.ts";
import type { Job } from "../config/config.ts";
import type { Events } from "../events.ts";
import type { Schedule, Tick } from "../schedule/schedule.ts";

/** A tick that is undecided for this long is no handoff any more: every takeover is over by then, at any TTL. */
const OVERDUE_MS = 60_000;
/** Looking costs a read of all cursors and a `next` per job. */
const INTERVAL_MS = 20_000;

export interface OverdueAlarmOptions {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly events: Events;
  /** By job, each schedule of which ticks are to be expected. Rejects when the store is away. */
  readonly readLanes: (jobs: readonly Job[]) => Promise<ReadonlyMap<string, readonly AlarmLane[]>>;
  /** By job, until when its ticks waited for the run before them (epoch ms); Infinity while they do. */
  readonly readWaits: (jobs: readonly Job[]) => Promise<ReadonlyMap<string, number>>;
}

/** One schedule of a job, and how far its ticks are decided (epoch ms). */
interface AlarmLane {
  readonly schedule: Schedule;
  readonly cursor: number;
}

/**
 * Raises the alarm when a job's tick should have been decided long ago, whoever should have done it: every
 * replica looks, not just the leader, because a leader that does nothing would not tell (DESIGN P8). Told when it
 * begins, then at doubling intervals while it lasts.
 */
export class OverdueAlarm {
  readonly #options: OverdueAlarmOptions;
  readonly #routine: Routine;
  #jobs: readonly Job[];
  /** How long a job must be overdue before it is told (again). */
  readonly #tellAfterMs = new Map<string, number>();
  /** Job → when its first undecided tick was due (epoch ms). */
  #overdueSince: ReadonlyMap<string, number> = new Map();

  constructor(options: OverdueAlarmOptions) {
    this.#options = options;
    this.#jobs = options.jobs;
    // Not at once: after a long outage everything is overdue, and whoever leads first is about to catch up.
    this.#routine = new Routine({
      clock: options.clock,
      delayMs: INTERVAL_MS,
      intervalMs: INTERVAL_MS,
      act: () => this.#look(),
    });
  }

  start(): void {
    this.#routine.start();
  }

  async stop(): Promise<void> {
    await this.#routine.stop();
  }

  setJobs(jobs: readonly Job[]): void {
    this.#jobs = jobs;
  }

  /** The jobs that were found overdue at the last look, and for how long they have been by now. */
  overdueMs(): ReadonlyMap<string, number> {
    const nowMs = this.#options.clock.nowMs();
    return new Map([...this.#overdueSince].map(([job, sinceMs]) => [job, nowMs - sinceMs]));
  }

  async #look(): Promise<void> {
    const jobs = this.#jobs;
    let lanes: ReadonlyMap<string, readonly AlarmLane[]>;
    let waits: ReadonlyMap<string, number>;
    try {
      lanes = await this.#options.readLanes(jobs);
      waits = await this.#options.readWaits(jobs);
    } catch {
      // Redis is away: redis.unreachable and leader.absent tell it. Nothing is known about single jobs.
      return;
    }
    const overdueSince = new Map<string, number>();
    for (const { name } of jobs) {
      const own = lanes.get(name) ?? [];
      const waitedToMs = waits.get(name) ?? Number.NEGATIVE_INFINITY;
      const dueAt = own.length === 0 ? null : this.#judge(name, own, waitedToMs);
      if (own.length === 0) this.#tellAfterMs.delete(name);
      if (dueAt !== null) overdueSince.set(name, dueAt);
    }
    this.#overdueSince = overdueSince;
  }

  /** When the job's first undecided tick was due, if it is overdue. */
  #judge(job: string, lanes: readonly AlarmLane[], waitedToMs: number): number | null {
    const { clock, events } = this.#options;
    const nowMs = clock.nowMs();
    const first = firstDue(lanes);
    const overdueMs = first === null ? 0 : nowMs - Math.max(first.dueAt, waitedToMs);
    const cursor = Math.max(...lanes.map(lane => lane.cursor));
    const silentMs = cursor - nowMs;
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
    return overdueMs < OVERDUE_MS ? null : nowMs - overdueMs;
  }
}

/** The undecided tick that is due first; the ticks of one schedule are let go in order. */
function firstDue(lanes: readonly AlarmLane[]): { readonly tick: Tick; readonly dueAt: number } | null {
  const ticks = lanes.flatMap(({ schedule, cursor }) => {
    const tick = schedule.next(cursor);
    return tick === null ? [] : [{ tick, dueAt: tick.at + schedule.jitterOf(tick.at) }];
  });
  return ticks.sort((a, b) => a.dueAt - b.dueAt)[0] ?? null;
}
