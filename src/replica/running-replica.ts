import { DataGuard } from "../alarm/data-guard.ts";
import { durabilityAlarm } from "../alarm/durability-alarm.ts";
import { OverdueAlarm } from "../alarm/overdue-alarm.ts";
import { StuckAlarm } from "../alarm/stuck-alarm.ts";
import { ChangeWriter } from "../changes/change-writer.ts";
import { clockKeeper } from "../clock/clock-keeper.ts";
import type { StoreClock } from "../clock/store-clock.ts";
import { FORGET_MS } from "../clock/timing.ts";
import { settlesWithin } from "../clock/within.ts";
import type { CurrentTerm } from "../election/elector.ts";
import { readDueLanes } from "../launch/cursors.ts";
import { EndRecorder } from "../launch/end-recorder.ts";
import { type HistoryUse, readHistoryUse } from "../launch/history-use.ts";
import { LaunchedRuns } from "../launch/launched-runs.ts";
import { putBack, readMemory } from "../launch/memory.ts";
import { QueueDepths } from "../launch/queue-depths.ts";
import { lookAtQueue } from "../launch/queue-look.ts";
import { placeOfQueue } from "../launch/queue-place.ts";
import { recoverEnds } from "../launch/recover-ends.ts";
import { readWaits } from "../launch/unfinished.ts";
import { Locks } from "../locks/locks.ts";
import { tellReason } from "../reasons.ts";
import { GatheredReads } from "../redis/gathered-reads.ts";
import { checkDurability } from "../redis/server-check.ts";
import { Workers } from "../worker/workers.ts";
import type { Carried } from "./carried.ts";
import { Membership } from "./membership.ts";
import type { JoinedContext, Part } from "./replica-context.ts";
import { Scheduler } from "./scheduler.ts";

const CLEANUP_LIMIT_MS = 1_000;

/** A replica that has joined the others: all of its parts, the order in which they start, and that in which they stop. */
export class RunningReplica {
  readonly clock: StoreClock;
  readonly overdueAlarm: OverdueAlarm;
  readonly stuckAlarm: StuckAlarm;
  readonly queueDepths: QueueDepths;
  readonly readHistoryUse: () => Promise<HistoryUse | null>;
  /** The term that is led, until the leader's work has ended. */
  readonly currentTerm: () => CurrentTerm | null;
  readonly #options: JoinedContext;
  /** What its roles add, leadership first. */
  readonly #byRole: readonly Part[];
  /** What every replica does. */
  readonly #others: readonly Part[];
  /** Of a worker's handlers. */
  readonly #locks: Locks | null;
  /** Connections are about to be closed. */
  readonly #closing = new AbortController();
  #carried: Carried;
  #workers: Workers | null = null;

  constructor(options: JoinedContext) {
    this.#options = options;
    this.#carried = options.carried;
    const { roles, stores, redis, clock, events, leaderWatch } = options;
    const { keys } = stores;
    const { jobs, queues, election } = options.carried.config;
    const placeOf = (queue: string) => placeOfQueue(keys, queue, this.#carried.config.queues);
    this.clock = clock;
    this.queueDepths = new QueueDepths({ redis, placeOf });
    this.readHistoryUse = async () => (await readHistoryUse(redis, keys)).use;
    this.overdueAlarm = new OverdueAlarm({
      jobs,
      clock,
      events,
      readLanes: jobs => readDueLanes(new GatheredReads(redis), keys, jobs),
      readWaits: jobs => readWaits(redis, keys, jobs),
    });
    const changes = new ChangeWriter({ redis, keys, events, clock, replica: options.id });
    const membership = new Membership(
      options,
      () => this.#workers?.running() ?? [],
      ids => changes.showReplicas(ids),
    );
    this.stuckAlarm = new StuckAlarm({
      clock,
      jobs,
      events,
      queues,
      launched: new LaunchedRuns(redis, keys),
      lookAt: (queue, runs) => lookAtQueue(redis, placeOf(queue), runs),
      recover: async runs => {
        const placed = runs.map(one => ({ ...one, place: placeOf(one.queue) }));
        const recovered = await recoverEnds(redis, keys, placed, this.#carried.config.history.perJob);
        for (const { job, run, outcome } of recovered)
          if (outcome === "unknown")
            events.emit("run.endUnknown", { job, run, ...tellReason({ code: "end_unrecorded" }) });
        return recovered.flatMap(({ run, outcome }) => (outcome === "early" ? [run] : []));
      },
      hasWorkers: async () => membership.hasWorkers(),
      onStuck: stuck => membership.showStuck(stuck),
    });
    const isScheduler = roles.includes("scheduler");
    const guard = new DataGuard({
      clock,
      events,
      isHinted: isScheduler,
      read: read => readMemory(redis, keys, read),
      putBack: (memory, fence) => putBack(redis, keys, memory, { fence, by: options.id }),
    });
    this.#others = [
      changes,
      leaderWatch,
      clockKeeper({ clock, events, intervalMs: election.leaseTtlMs / 3, enoughMs: FORGET_MS }),
      membership,
      this.overdueAlarm.checks,
      this.stuckAlarm.checks,
      guard.checks,
      durabilityAlarm({ clock, events, check: () => checkDurability(redis) }),
    ];
    redis.on("ready", () => guard.hint());
    const scheduler = isScheduler ? [new Scheduler({ ...options, guard })] : [];
    this.currentTerm = () => scheduler[0]?.currentTerm ?? null;
    this.#locks = roles.includes("worker")
      ? new Locks({ store: stores.lockStore(clock), clock, events })
      : null;
    this.#byRole = this.#locks ? [...scheduler, this.#createWorker(this.#locks)] : scheduler;
  }

  /** Starts each part; leadership is last. */
  async start(): Promise<void> {
    for (const part of this.#others) part.start();
    for (const part of this.#byRole.toReversed()) await part.start();
  }

  /** From the next look on, of what goes on by itself. */
  carry(carried: Carried): void {
    this.#carried = carried;
    const { jobs, queues } = carried.config;
    this.overdueAlarm.setJobs(jobs);
    this.stuckAlarm.setJobs(jobs, queues);
    for (const part of [...this.#others, ...this.#byRole]) part.carry?.(carried);
  }

  /**
   * Leadership ends first and immediately, while running handlers have their time. Then the locks end, and the others
   * stop. Resolves with whether every handler came to its end. The connections are not needed any more by then.
   */
  async stop(): Promise<boolean> {
    const ends = await Promise.all(this.#byRole.map(part => part.stop()));
    // Not beside leadership: their store closes the client of etcd, over which the lease is released.
    await this.#locks?.stop();
    // Their last writes to Redis are best effort: a server that hangs must not hold up the end.
    const cleanups = [...this.#others.map(part => part.stop()), this.queueDepths.close()];
    await settlesWithin(Promise.allSettled(cleanups), CLEANUP_LIMIT_MS);
    this.#closing.abort();
    return !ends.includes(false);
  }

  #createWorker(locks: Locks): Part {
    const { stores, redis, clock, events, log, context, id, carried } = this.#options;
    const ends = new EndRecorder({
      redis,
      keys: stores.keys,
      nowMs: () => clock.nowMs(),
      perJob: () => this.#carried.config.history.perJob,
      signal: this.#closing.signal,
    });
    const workers = new Workers({
      config: carried.config,
      handlers: carried.handlers,
      replica: id,
      connect: () => stores.connect("worker"),
      events,
      log,
      locks,
      context,
      skewMs: () => clock.skewMs(),
      recordResult: result => ends.record(result),
    });
    this.#workers = workers;
    return {
      start: () => workers.start(),
      stop: () => workers.stop({ deadlineMs: this.#carried.config.shutdownTimeoutMs }),
      carry: ({ config, handlers }) => workers.update(config, handlers),
    };
  }
}
