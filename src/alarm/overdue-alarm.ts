import type { Clock } from "../clock/clock.ts";
import { Routine } from "../clock/routine.ts";
import type { Job } from "../config/config.ts";
import type { Events } from "../events.ts";

/** A tick that is undecided for this long is no handoff any more: every takeover is over by then, at any TTL. */
const OVERDUE_MS = 60_000;
/** Looking costs a read of all cursors and a `next` per job. */
const INTERVAL_MS = 20_000;

export interface OverdueAlarmOptions {
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly events: Events;
  /** The cursor of each job, in order; null for a job of which no tick is to be expected. Rejects when the store is away. */
  readonly readCursors: (jobs: readonly Job[]) => Promise<readonly (number | null)[]>;
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
    let cursors: readonly (number | null)[];
    try {
      cursors = await this.#options.readCursors(jobs);
    } catch {
      // Redis is away: redis.unreachable and leader.absent tell it. Nothing is known about single jobs.
      return;
    }
    const overdueSince = new Map<string, number>();
    jobs.forEach((job, i) => {
      const cursor = cursors[i];
      if (typeof cursor !== "number") {
        this.#tellAfterMs.delete(job.name);
        return;
      }
      const dueAt = this.#judge(job, cursor);
      if (dueAt !== null) overdueSince.set(job.name, dueAt);
    });
    this.#overdueSince = overdueSince;
  }

  /** When the job's first undecided tick was due, if it is overdue. */
  #judge(job: Job, cursor: number): number | null {
    const { clock, events } = this.#options;
    const nowMs = clock.nowMs();
    const tick = job.schedule.next(cursor);
    const overdueMs = tick === null ? 0 : nowMs - tick.at - job.schedule.jitterOf(tick.at);
    const silentMs = cursor - nowMs;
    const forMs = Math.round(Math.max(overdueMs, silentMs));
    if (forMs < OVERDUE_MS) {
      this.#tellAfterMs.delete(job.name);
    } else if (forMs >= (this.#tellAfterMs.get(job.name) ?? OVERDUE_MS)) {
      this.#tellAfterMs.set(job.name, 2 * forMs);
      if (silentMs >= OVERDUE_MS) {
        events.emit("job.silenced", { job: job.name, until: new Date(cursor).toISOString(), forMs });
      } else if (tick !== null) {
        events.emit("job.overdue", { job: job.name, tick: new Date(tick.at).toISOString(), forMs });
      }
    }
    return overdueMs < OVERDUE_MS ? null : nowMs - overdueMs;
  }
}
