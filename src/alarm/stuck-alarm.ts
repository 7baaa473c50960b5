import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { Config, Job } from "../config/config.ts";
import { jobsByName } from "../config/job-index.ts";
import type { Events } from "../events.ts";
import type { LaunchedRun, LaunchedRuns } from "../launch/launched-runs.ts";
import type { FoundQueue, FoundRun } from "../launch/queue-look.ts";
import type { StuckRecord } from "../redis/replica-registry.ts";
import { SECOND_MS } from "../schedule/time-units.ts";
import { AlarmReads } from "./alarm-reads.ts";
import {
  STUCK_FIXES,
  STUCK_LIMITS,
  type StuckCause,
  type StuckLimits,
  stuckCause,
  waitLimitMs,
} from "./stuck-run.ts";

/**
 * A check costs one script a queue, and one read a job for at most 1,000 jobs: see queue-look.lua and launched-runs.ts.
 */
const INTERVAL_MS = 60 * SECOND_MS;
/** After the start, and after an outage that ended with it, workers take what is there. */
const DELAY_MS = 20 * SECOND_MS;
/** How many runs of a queue are remembered from earlier checks. */
const REMEMBERED = 1_000;

export interface StuckAlarmOptions {
  readonly clock: Clock;
  readonly events: Events;
  readonly jobs: readonly Job[];
  /** The queues of the configuration, also those that no job has. */
  readonly queues: Config["queues"];
  readonly launched: Pick<LaunchedRuns, "look" | "unrecorded" | "pass">;
  /** Reads a queue, and these of its runs. Rejects when Redis is away, as `hasWorkers` does. */
  readonly lookAt: (queue: string, runs: readonly string[]) => Promise<FoundQueue>;
  /** Records the ends that are missing of runs that have ended; resolves with those to ask for again later. */
  readonly recover?: (
    runs: readonly (LaunchedRun & { readonly queue: string })[],
  ) => Promise<readonly string[]>;
  /** Whether a replica with the role of a worker is there. */
  readonly hasWorkers: () => Promise<boolean>;
  /** Called with the stuck runs after each check. */
  readonly onStuck?: (stuck: readonly StuckRun[]) => void;
  readonly limits?: StuckLimits;
  readonly intervalMs?: number;
  readonly delayMs?: number;
}

export interface StuckRun extends StuckRecord {
  readonly cause: StuckCause;
}

/** What earlier checks have seen of a queue and its runs. */
interface Memory {
  readonly isPaused: boolean;
  /** The run that had waited longest, and when another one was found in its place (epoch ms). */
  head: string | null;
  headChangedMs: number;
  /** By run that had been started before, when it was first found to wait again (epoch ms). */
  waitingSince: ReadonlyMap<string, number>;
}

/**
 * Raises the alarm when a launched run does not start. Every replica checks, since a replica whose workers hang would
 * not report it. Each run is reported once for each cause, and once more when it is stuck no longer. The alarm repairs
 * nothing: an operator or another program caused the problem, and may have meant it. What it does repair are histories: of runs that have
 * ended it has the ends recorded that are missing.
 */
export class StuckAlarm {
  readonly checks: PeriodicTask;
  readonly #options: StuckAlarmOptions;
  readonly #limits: StuckLimits;
  readonly #reads: AlarmReads;
  #jobs: ReadonlyMap<string, Job> = new Map();
  #names: readonly string[] = [];
  /** Of the jobs. */
  #jobQueues: ReadonlySet<string> = new Set();
  #queues: Config["queues"] = {};
  /** By queue. */
  readonly #memories = new Map<string, Memory>();
  /** By queue and run: what was reported, and for which causes. */
  readonly #told = new Map<string, StuckRun & { readonly causes: ReadonlySet<StuckCause> }>();

  constructor(options: StuckAlarmOptions) {
    this.#options = options;
    this.#limits = options.limits ?? STUCK_LIMITS;
    this.setJobs(options.jobs, options.queues);
    this.#reads = new AlarmReads({
      ...options,
      what: "which runs wait",
      loss: "runs that do not start are not reported",
    });
    this.checks = new PeriodicTask({
      clock: options.clock,
      delayMs: options.delayMs ?? DELAY_MS,
      intervalMs: options.intervalMs ?? INTERVAL_MS,
      act: async () => void (await this.#reads.read(() => this.#look())),
    });
  }

  setJobs(jobs: readonly Job[], queues: Config["queues"]): void {
    this.#jobs = jobsByName(jobs);
    this.#names = jobs.map(({ name }) => name);
    this.#jobQueues = new Set(jobs.map(({ queue }) => queue));
    this.#queues = queues;
  }

  /** The runs that were found stuck at the last look. */
  stuck(): readonly StuckRun[] {
    return [...this.#told.values()].map(({ causes: _, ...one }) => one);
  }

  /** The same, with how long they have waited by now. */
  stuckMs(): readonly (StuckRun & { readonly forMs: number })[] {
    const nowMs = this.#options.clock.nowMs();
    return this.stuck().map(one => ({ ...one, forMs: nowMs - one.sinceMs }));
  }

  /** The queues of the configuration that were paused in BullMQ at the last look. */
  pausedQueues(): readonly string[] {
    return Object.keys(this.#queues).filter(queue => this.#memories.get(queue)?.isPaused);
  }

  /** Rejects when Redis is away or refuses: nothing is known about single runs then. */
  async #look(): Promise<void> {
    const { clock, launched, lookAt, hasWorkers, onStuck } = this.#options;
    const ended = new Set<string>();
    const areThere = await hasWorkers();
    const launches = await launched.look(this.#names, clock.nowMs() - this.#limits.minMs);
    // A reported run of a queue that no job has any more is checked until it ends.
    const queues = new Set([
      ...Object.keys(this.#queues),
      ...this.#jobQueues,
      ...this.stuck().map(({ queue }) => queue),
    ]);
    for (const queue of queues) {
      const runs = new Set(this.stuck().flatMap(one => (one.queue === queue ? one.run : [])));
      for (const [job, own] of launches) {
        if (this.#jobs.get(job)?.queue === queue) for (const run of own) runs.add(run);
      }
      const found = await lookAt(queue, [...runs]);
      // The workers of other programs are not known: those of a queue with `consume: false` count as there.
      this.#judgeQueue(queue, found, areThere || this.#queues[queue]?.consume === false);
      for (const { run, state } of found.asked) {
        if (state === "finished" || state === "gone") ended.add(run);
      }
    }
    await this.#recover(ended);
    launched.pass(run => ended.has(run));
    onStuck?.(this.stuck());
  }

  /** How the runs of other programs' workers end is read from their events. */
  async #recover(ended: Set<string>): Promise<void> {
    const { launched, recover } = this.#options;
    const runs = launched
      .unrecorded(run => ended.has(run))
      .flatMap(one => {
        const queue = this.#jobs.get(one.job)?.queue;
        return queue === undefined || this.#queues[queue]?.consume === false ? [] : [{ ...one, queue }];
      });
    if (runs.length === 0 || recover === undefined) return;
    for (const run of await recover(runs)) ended.delete(run);
  }

  #judgeQueue(queue: string, found: FoundQueue, hasWorkers: boolean): void {
    const nowMs = this.#options.clock.nowMs();
    const before = this.#memories.get(queue);
    const head = found.oldest[0]?.run ?? null;
    const changedMs = before && before.head !== head ? nowMs : (before?.headChangedMs ?? 0);
    const waitingSince = new Map<string, number>();
    const runs = new Map([...found.oldest, ...found.asked].map(one => [one.run, one]));
    const runPrefix = this.#queues[queue]?.shared?.runPrefix ?? "";
    for (const one of runs.values()) {
      // What other programs and namespaces have in the same queue is theirs to watch.
      if (!one.run.startsWith(runPrefix)) continue;
      let { sinceMs } = one;
      if (one.isStarted && (one.state === "waiting" || one.state === "nowhere")) {
        sinceMs = before?.waitingSince.get(one.run) ?? nowMs;
        waitingSince.set(one.run, sinceMs);
      }
      if (one.state === "unknown") continue;
      const job = this.#jobs.get(one.job);
      const cause = stuckCause({
        state: one.state,
        waitedMs: nowMs - sinceMs,
        limitMs: waitLimitMs(job?.schedule ?? null, sinceMs, this.#limits),
        maxLimitMs: this.#limits.maxMs,
        stillMs: nowMs - Math.max(found.movedAtMs, changedMs),
        queue: found,
        hasWorkers,
      });
      this.#tell(queue, { ...one, sinceMs }, cause);
    }
    // Of very many jobs only some are looked at each time.
    for (const [run, sinceMs] of before?.waitingSince ?? []) {
      if (!runs.has(run) && waitingSince.size < REMEMBERED) waitingSince.set(run, sinceMs);
    }
    this.#memories.set(queue, { isPaused: found.isPaused, head, headChangedMs: changedMs, waitingSince });
  }

  #tell(queue: string, { run, job, sinceMs }: FoundRun, cause: StuckCause | null): void {
    const { clock, events } = this.#options;
    const key = `${queue} ${run}`;
    const before = this.#told.get(key);
    if (cause === null) {
      if (before === undefined) return;
      this.#told.delete(key);
      const forMs = Math.round(clock.nowMs() - before.sinceMs);
      events.emit("run.unstuck", { job: before.job, run, queue, cause: before.cause, forMs });
      return;
    }
    const causes = new Set([...(before?.causes ?? []), cause]);
    this.#told.set(key, { run, job, queue, cause, sinceMs, causes });
    if (before?.causes.has(cause)) return;
    const forMs = Math.round(clock.nowMs() - sinceMs);
    events.emit("run.stuck", { job, run, queue, cause, forMs, fix: STUCK_FIXES[cause] });
  }
}
