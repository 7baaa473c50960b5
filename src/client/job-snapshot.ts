import type { Redis } from "ioredis";
import { type Controls, type Pause, pausesAt, readControls, VERSION_FIELD } from "../launch/controls.ts";
import { readCursors, readLaunched } from "../launch/cursors.ts";
import { readDefinitionsVersion } from "../launch/definition.ts";
import { dayOf, readFailing, readTally } from "../launch/job-summary.ts";
import { type QuarantineRecord, readQuarantine } from "../launch/quarantine.ts";
import { placeOfQueue } from "../launch/queue-place.ts";
import { readRunning } from "../launch/running-runs.ts";
import { readNewestRuns } from "../launch/unfinished.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { readTimeMs } from "../redis/time.ts";
import type { Cluster } from "./cluster.ts";
import { type ClusterJobs, readClusterJobs, type ShownJob } from "./cluster-jobs.ts";
import { TickTimes } from "./tick-times.ts";

/** Callers that ask within this time share one reading. */
const SHARED_MS = 1_000;
/** A tick that is undecided for this long is no handoff any more (overdue-alarm.ts). */
const OVERDUE_MS = 60_000;
/** A cursor that lies this far in the future keeps its job silent. The clocks of replicas differ by less. */
const SILENCED_MS = 60_000;

/** What is read of every job, whichever of them are shown. */
export interface ListedJob {
  readonly job: ShownJob;
  readonly pause: Pause | null;
  readonly quarantine: QuarantineRecord | null;
  /** The newest decided tick (epoch ms); null for a job that was never led. */
  readonly cursorMs: number | null;
  /** Until when its ticks count as decided, because the clock of Redis was ahead; otherwise null. */
  readonly silencedMs: number | null;
  /** The next tick that is to be launched (epoch ms). */
  readonly nextMs: number | null;
  /** As `JobRow`. */
  readonly overdueMs: number;
  /** The last run that ended failed. */
  readonly isFailing: boolean;
  /** Runs that a handler is at work on. */
  readonly running: number;
  /** Of today, UTC. */
  readonly failed: number;
  readonly skipped: number;
  readonly missed: number;
}

export interface JobSnapshot {
  readonly source: ClusterJobs["source"];
  /** Store time, epoch ms. */
  readonly nowMs: number;
  readonly jobs: readonly ListedJob[];
}

/** What every job is at. Several callers share one reading, but never one from before an operator's last action. */
export class JobSnapshots {
  readonly #times = new TickTimes();
  #version = "";
  #readMs = Number.NEGATIVE_INFINITY;
  #snapshot: Promise<JobSnapshot> | null = null;

  async read(cluster: Cluster, redis: Redis, keys: RedisKeys): Promise<JobSnapshot> {
    const [controls, definitions] = await Promise.all([
      redis.hget(keys.controls, VERSION_FIELD),
      readDefinitionsVersion(redis, keys),
    ]);
    const version = `${controls} ${definitions}`;
    const isFresh = version === this.#version && performance.now() - this.#readMs < SHARED_MS;
    if (this.#snapshot !== null && isFresh) return await this.#snapshot;
    this.#version = version;
    this.#readMs = performance.now();
    const snapshot = this.#read(cluster, redis, keys);
    this.#snapshot = snapshot;
    snapshot.catch(() => {
      if (this.#snapshot === snapshot) this.#snapshot = null;
    });
    return await snapshot;
  }

  async #read(cluster: Cluster, redis: Redis, keys: RedisKeys): Promise<JobSnapshot> {
    const [nowMs, controls, quarantine] = await Promise.all([
      readTimeMs(redis),
      readControls(redis, keys),
      readQuarantine(redis, keys),
    ]);
    const { source, jobs } = await readClusterJobs(cluster, redis, keys, quarantine.keys());
    const day = dayOf(nowMs);
    const queues = [...new Set(jobs.map(({ queue }) => queue))].filter(queue => queue !== "");
    const [cursors, launched, failing, failed, skipped, missed, running] = await Promise.all([
      readCursors(
        redis,
        keys,
        jobs.map(({ name }) => name),
      ),
      readLaunched(redis, keys, jobs),
      readFailing(redis, keys),
      readTally(redis, keys, "failed", day),
      readTally(redis, keys, "skipped", day),
      readTally(redis, keys, "missed", day),
      readRunning(
        redis,
        queues.map(queue => placeOfQueue(keys, queue, cluster.config?.queues ?? {})),
      ),
    ]);
    const listed = jobs.map((job, i): ListedJob => {
      const { name } = job;
      const cursorMs = cursors[i] ?? null;
      const hasRunsLeft = job.maxRuns === null || (launched.get(name) ?? 0) < job.maxRuns;
      const ticks = hasRunsLeft ? this.#ticksOf(job, { nowMs, cursorMs, controls }) : ENDED;
      return {
        job,
        cursorMs,
        ...ticks,
        isFailing: failing.has(name),
        running: running.get(name) ?? 0,
        failed: failed.get(name) ?? 0,
        skipped: skipped.get(name) ?? 0,
        missed: missed.get(name) ?? 0,
        pause: pausesAt(controls, name, nowMs).pause,
        quarantine: quarantine.get(name) ?? null,
        silencedMs: cursorMs !== null && cursorMs - nowMs >= SILENCED_MS ? cursorMs : null,
      };
    });
    const waiting = await this.#waiting(cluster, redis, keys, listed);
    return {
      source,
      nowMs,
      jobs: listed.map(one => (waiting.has(one.job.name) ? { ...one, overdueMs: 0 } : one)),
    };
  }

  /** Of the jobs that look overdue those whose tick waits for the run before it. */
  async #waiting(cluster: Cluster, redis: Redis, keys: RedisKeys, listed: readonly ListedJob[]) {
    const queued = listed.flatMap(({ job, overdueMs }) => {
      const { name, queue, overlap } = job;
      const sharedQueue = cluster.config?.queues[queue]?.shared;
      return overdueMs > 0 && overlap === "queue" ? [{ name, queue, sharedQueue }] : [];
    });
    const newest = queued.length === 0 ? [] : [...(await readNewestRuns(redis, keys, queued))];
    return new Set(newest.flatMap(([job, { state }]) => (state === "unfinished" ? [job] : [])));
  }

  #ticksOf({ name, schedule }: ShownJob, at: TickQuery): Pick<ListedJob, "nextMs" | "overdueMs"> {
    const { nowMs, cursorMs, controls } = at;
    if (schedule === null) return ENDED;
    const span = this.#times.spanAt(schedule, nowMs);
    const isAhead = cursorMs !== null && cursorMs >= span.nextMs;
    const skips = controls.skips.get(name) ?? [];
    let nextMs = isAhead ? (schedule.next(cursorMs)?.at ?? null) : finiteOrNull(span.nextMs);
    while (nextMs !== null && skips.includes(nextMs)) nextMs = schedule.next(nextMs)?.at ?? null;
    const isPaused = pausesAt(controls, name, nowMs).pause !== null;
    if (cursorMs === null || cursorMs >= span.previousMs || isPaused) return { nextMs, overdueMs: 0 };
    const first = schedule.next(cursorMs)?.at ?? nowMs;
    const overdueMs = Math.floor(nowMs - first - schedule.jitterOf(first));
    return { nextMs, overdueMs: overdueMs < OVERDUE_MS ? 0 : overdueMs };
  }
}

interface TickQuery {
  readonly nowMs: number;
  readonly cursorMs: number | null;
  readonly controls: Controls;
}

/** No tick is to come. */
const ENDED = { nextMs: null, overdueMs: 0 };

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
