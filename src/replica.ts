import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { ConfigAlarm, jobMarks } from "./alarm/config-alarm.ts";
import { DataGuard } from "./alarm/data-guard.ts";
import { DurabilityAlarm } from "./alarm/durability-alarm.ts";
import { OverdueAlarm } from "./alarm/overdue-alarm.ts";
import { StuckAlarm } from "./alarm/stuck-alarm.ts";
import { ClockKeeper } from "./clock/clock-keeper.ts";
import { settlesWithin } from "./clock/settles-within.ts";
import { sleep } from "./clock/sleep.ts";
import { StoreClock } from "./clock/store-clock.ts";
import { ANSWER_LIMIT_MS, mustHold } from "./clock/timing.ts";
import { Aborted, unlessAborted } from "./clock/unless-aborted.ts";
import {
  jobChanges,
  rejectionReasons,
  settingsThatNeedRestart,
  withFixedSettings,
} from "./config/changes.ts";
import type { Config } from "./config/config.ts";
import { hashZones, type ZoneData, zoneDataOf } from "./config/zone-data.ts";
import { AbsenceAlarm } from "./election/absence-alarm.ts";
import { Elector, RELEASE_LIMIT_MS } from "./election/elector.ts";
import { readLeader } from "./election/leader-record.ts";
import { LeaderWatch } from "./election/leader-watch.ts";
import { BellwetherError, failureOf, isBellwetherError } from "./errors.ts";
import { Events, type Role, type StartPhase } from "./events.ts";
import type { Handler } from "./handlers/handler.ts";
import { loadHandlers } from "./handlers/load-handlers.ts";
import { readDueLanes } from "./launch/cursors.ts";
import { recordResult } from "./launch/history.ts";
import { LaunchedRuns } from "./launch/launched-runs.ts";
import { Launcher } from "./launch/launcher.ts";
import { putBack, readMemory } from "./launch/memory.ts";
import { QueueDepths } from "./launch/queue-depths.ts";
import { lookAtQueue } from "./launch/queue-look.ts";
import { readWaits } from "./launch/unfinished.ts";
import { LeaderLoop } from "./leader/leader-loop.ts";
import { Locks } from "./locks/locks.ts";
import { createLog, logEvents } from "./log.ts";
import { stdoutLines } from "./log-output.ts";
import { ProbeServer } from "./observability/probe-server.ts";
import type { ReplicaFacts } from "./observability/replica-facts.ts";
import { OperatorLog } from "./operator/operator-log.ts";
import { isConnectionLoss } from "./redis/connect.ts";
import { checkFormat, FORMAT, raiseFormat } from "./redis/format.ts";
import type { RedisKeys } from "./redis/keys.ts";
import { refusalOf } from "./redis/refusal.ts";
import { areJobsAgreed, Heartbeat, type ReplicaRecord, readReplicas } from "./redis/replica-registry.ts";
import { checkDurability } from "./redis/server-check.ts";
import { readTimeMs } from "./redis/time.ts";
import { ReplicaStores } from "./replica-stores.ts";
import { Workers } from "./worker/workers.ts";

export interface ReplicaOptions {
  readonly config: Config;
  /** A name for people; the host name by default. The replica's id adds what makes it unique per process start. */
  readonly id?: string;
  readonly roles?: readonly Role[];
  /** Receives every event; the log is one more subscriber. */
  readonly events?: Events;
  /** False: nothing is logged, the caller subscribes to the events. */
  readonly log?: boolean;
  /** The newest format of the data in Redis that it understands: this release's own, but for tests of upgrades. */
  readonly format?: number;
}

const RETRY_MS = 200;
const RESIGN_LIMIT_MS = 8_000;
mustHold({
  "a leader can give up its last command and release its lease before it exits":
    ANSWER_LIMIT_MS + RELEASE_LIMIT_MS < RESIGN_LIMIT_MS,
});
const CLEANUP_LIMIT_MS = 1_000;
/** How many stuck runs a replica's record names, for `status`. */
const STUCK_SHOWN = 20;

interface Part {
  start(): void;
  stop(): Promise<void> | void;
}

/**
 * One replica: the only place that picks implementations. It starts what its roles need, and stops in the order that
 * loses nothing: it gives up leadership first and immediately, running handlers get their time, connections close last.
 */
export class Replica {
  readonly id: string;
  readonly events: Events;
  #config: Config;
  #zones: { readonly of: Config; readonly data: ZoneData } | null = null;
  readonly #roles: readonly Role[];
  readonly #format: number;
  readonly #stores: ReplicaStores;
  readonly #keys: RedisKeys;
  readonly #log;
  #unwatchLog = (): unknown => undefined;
  readonly #absence: AbsenceAlarm;
  #leaderWatch: LeaderWatch | null = null;
  #handlers: ReadonlyMap<string, Handler> = new Map();
  #heartbeat: Heartbeat | null = null;
  #overdueAlarm: OverdueAlarm | null = null;
  #stuckAlarm: StuckAlarm | null = null;
  #leaderLoop: LeaderLoop | null = null;
  #elector: Elector | null = null;
  #launcher: Launcher | null = null;
  #workers: Workers | null = null;
  #locks: Locks | null = null;
  #clock: StoreClock | null = null;
  #queueDepths: QueueDepths | null = null;
  readonly #probes: ProbeServer | null;
  readonly #others: Part[] = [];
  readonly #stopping = new AbortController();
  /** Connections are about to be closed. */
  readonly #closing = new AbortController();
  /** The handlers are loaded, or will not be any more. */
  readonly #loaded = Promise.withResolvers<void>();
  readonly #failure = Promise.withResolvers<never>();
  /** Whether `replica.started` was emitted; if not, `replica.stopped` is not emitted either. */
  #isTold = false;
  #hasFailed = false;
  /** What a start that goes on is doing. */
  #phase: StartPhase | null = null;
  #started: Promise<void> | null = null;
  #stopped: Promise<boolean> | null = null;

  /**
   * Rejects when it cannot go on although it had started: BW_FORMAT_NEWER (all others were upgraded), or a bug ended its
   * part in the election. The owner of the replica stops it then.
   */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  constructor(options: ReplicaOptions) {
    this.#config = options.config;
    this.#roles = options.roles ?? ["scheduler", "worker"];
    this.#format = options.format ?? FORMAT;
    this.events = options.events ?? new Events();
    this.id = `${options.id ?? hostname()}-${randomBytes(3).toString("hex")}`;
    this.#stores = new ReplicaStores({
      config: options.config,
      id: this.id,
      events: this.events,
      onEtcdAnswer: tookMs => this.#probes?.storeAnswered("etcd", tookMs),
    });
    this.#keys = this.#stores.keys;
    this.#log = createLog(options.config.log.level, {
      namespace: options.config.namespace,
      replica: this.id,
    });
    this.#absence = new AbsenceAlarm({
      clock: { monotonicMs: () => performance.now() },
      leaseTtlMs: options.config.election.leaseTtlMs,
      raise: (forMs, error) => this.events.emit("leader.absent", { forMs, error }),
    });
    this.#failure.promise.catch(() => undefined);
    if (options.log !== false) {
      logEvents(this.events, this.#log);
      this.#unwatchLog = stdoutLines.onGap(gap => this.events.emit("log.recovered", gap));
    }
    this.#probes = this.#createProbes();
  }

  /**
   * Loads the handlers, waits for Redis, and starts what the roles need. Throws BW_LISTEN_FAILED, BW_HANDLERS_INVALID,
   * BW_REDIS_TOO_OLD and BW_FORMAT_NEWER; a Redis that does not answer is waited for. `stop` ends it, whatever it
   * waits for.
   */
  start(): Promise<void> {
    this.#started ??= this.#start()
      .catch((error: unknown) => {
        if (error instanceof Aborted) return;
        this.#tellFailure(error);
        throw error;
      })
      .finally(() => {
        this.#phase = null;
      });
    return this.#started;
  }

  async #start(): Promise<void> {
    this.#phase = "loading the handlers";
    // From here on: one that waits for a handler or for Redis knows of no leader either.
    this.#absence.check("this replica has not asked who leads yet");
    const http = await this.#unlessStopped(Promise.resolve(this.#probes?.start()));
    const { handlers, problems } = await this.#unlessStopped(this.#loadHandlers(this.#config));
    if (problems.length > 0) throw new BellwetherError("BW_HANDLERS_INVALID", { problems });
    this.#handlers = handlers;
    this.#loaded.resolve();
    this.#isTold = true;
    const { generation, hash, jobs } = this.#config;
    this.events.emit("replica.started", {
      roles: this.#roles,
      generation,
      pid: process.pid,
      tz: this.#zoneData().tz,
      ...(http === undefined ? {} : { http }),
    });
    this.events.emit("config.loaded", { generation, hash, zones: this.#zonesHash(), jobs: jobs.length });

    this.#phase = "waiting for Redis";
    const redis = this.#stores.connect("plain");
    this.#queueDepths = new QueueDepths({ redis, keys: this.#keys });
    this.#leaderWatch = new LeaderWatch({
      redis,
      keys: this.#keys,
      clock: { sleep },
      absence: this.#absence,
      // The elector reports whom a scheduler follows.
      events: this.#has("scheduler") ? null : this.events,
    });
    this.#begin(this.#leaderWatch);
    await this.#unlessStopped(this.#stores.watch.whenUsable());
    await this.#untilAnswered(
      () => checkFormat(redis, this.#keys, this.#format),
      error => isConnectionLoss(error) || refusalOf(error) !== null,
    );

    this.#phase = "joining the others";
    const clock = await this.#startClock(redis);
    this.#startHeartbeat(redis, clock);
    this.#overdueAlarm = new OverdueAlarm({
      jobs: this.#config.jobs,
      clock,
      events: this.events,
      readLanes: jobs => readDueLanes(redis, this.#keys, jobs),
      readWaits: jobs => readWaits(redis, this.#keys, jobs),
    });
    this.#begin(this.#overdueAlarm);
    this.#startStuckAlarm(redis, clock);
    const guard = this.#startDataGuard(redis, clock);
    this.#begin(new DurabilityAlarm({ clock, events: this.events, check: () => checkDurability(redis) }));
    if (this.#has("worker")) await this.#unlessStopped(this.#startWorkers(redis, clock));
    if (this.#has("scheduler")) {
      await this.#leaderWatch.stop();
      this.#startElector(redis, clock, guard);
    }
  }

  /**
   * Goes on with a changed configuration: jobs, handlers, queues, generation and log level, without restarting a worker
   * or dropping a tick. Resolves with the obstacles, and nothing has changed then, or with an empty list when it was
   * applied. Not to be called again before it has resolved.
   */
  async reconfigure(changed: Config): Promise<readonly string[]> {
    await this.#loaded.promise;
    if (this.#stopping.signal.aborted) return [];
    const reasons = rejectionReasons(this.#config, changed);
    if (reasons.length > 0) return reasons;
    const loaded = await this.#unlessStopped(this.#loadHandlers(changed)).catch(() => null);
    if (loaded === null) return [];
    const { handlers, problems } = loaded;
    if (problems.length > 0) return problems;

    const changes = await jobChanges(this.#config, changed);
    if (this.#stopping.signal.aborted) return [];
    const needsRestart = settingsThatNeedRestart(this.#config, changed);
    this.#config = withFixedSettings(this.#config, changed);
    this.#handlers = handlers;
    const { generation, hash, jobs, log } = this.#config;
    this.#log.level = log.level;
    this.#workers?.update(this.#config, handlers);
    this.#overdueAlarm?.setJobs(jobs);
    this.#stuckAlarm?.setJobs(jobs, Object.keys(this.#config.queues));
    const marks = jobMarks(jobs.map(job => job.name));
    this.#heartbeat?.update({ generation, hash, jobs: marks, zones: this.#zoneData().zones });
    this.#leaderLoop?.setJobs(jobs);
    this.#elector?.setGeneration(generation);
    this.events.emit("config.loaded", {
      generation,
      hash,
      zones: this.#zonesHash(),
      jobs: jobs.length,
      ...(needsRestart.length === 0 ? {} : { needsRestart }),
      ...changes,
    });
    return [];
  }

  /** The configuration that it runs with. */
  get carried(): { readonly generation: number; readonly hash: string } {
    const { generation, hash } = this.#config;
    return { generation, hash };
  }

  /** Of the configuration that it runs, kept until that changes. */
  #zoneData(): ZoneData {
    if (this.#zones?.of !== this.#config) {
      this.#zones = { of: this.#config, data: zoneDataOf(this.#config.jobs, Date.now()) };
    }
    return this.#zones.data;
  }

  #zonesHash(): string {
    return hashZones(this.#zoneData());
  }

  async #loadHandlers({ jobs, jobsDir, jobPlaces: places }: Config) {
    const ours = this.#has("worker") ? jobs : [];
    const { handlers, issues } = await loadHandlers({ jobs: ours, jobsDir, places });
    return { handlers, problems: issues.map(problem => problem.message) };
  }

  /**
   * Stops for good; safe to call twice. Resolves with whether every running handler came to its end within
   * `shutdownTimeout`.
   */
  stop(reason: string): Promise<boolean> {
    this.#stopped ??= this.#stop(reason);
    return this.#stopped;
  }

  async #stop(reason: string): Promise<boolean> {
    const about = { roles: this.#roles, generation: this.#config.generation };
    if (this.#phase !== null) this.events.emit("replica.interrupted", { reason, phase: this.#phase });
    if (this.#isTold) this.events.emit("replica.stopping", { ...about, reason });
    this.#stopping.abort();
    this.#loaded.resolve();
    const resigned = this.#elector?.stop("shutdown");
    await this.#started?.catch(() => undefined);
    const [, finished = true] = await Promise.all([
      settlesWithin(Promise.resolve(resigned ?? this.#elector?.stop("shutdown")), RESIGN_LIMIT_MS),
      this.#workers?.stop({ deadlineMs: this.#config.shutdownTimeoutMs }),
    ]);
    await this.#locks?.stop();
    // Their last writes to Redis are best effort: a server that hangs must not hold up the end.
    const cleanups = [
      ...this.#others.map(part => part.stop()),
      ...[this.#launcher?.close(), this.#queueDepths?.close()],
    ];
    await settlesWithin(Promise.allSettled(cleanups), CLEANUP_LIMIT_MS);
    this.#closing.abort();
    this.#stores.close();
    await this.#probes?.stop();
    if (this.#isTold) this.events.emit("replica.stopped", { ...about, clean: finished });
    this.#unwatchLog();
    return finished;
  }

  #createProbes(): ProbeServer | null {
    const { http } = this.#config;
    if (http === false) return null;
    const facts: ReplicaFacts = {
      jobs: () => this.#config.jobs.map(job => job.name),
      currentTerm: () => this.#elector?.currentTerm ?? null,
      leaderAbsentMs: () => this.#absence.forMs,
      clockSkewMs: () => this.#clock?.skewMs() ?? 0,
      overdueMs: () => this.#overdueAlarm?.overdueMs() ?? new Map(),
      stuck: () => this.#stuckAlarm?.stuckMs() ?? [],
      pausedQueues: async () => this.#queueDepths?.readPaused(Object.keys(this.#config.queues)) ?? new Map(),
      logLinesDropped: () => stdoutLines.dropped,
      silencedMs: () => this.#overdueAlarm?.silencedMs() ?? new Map(),
      queueDepths: async () => this.#queueDepths?.read(Object.keys(this.#config.queues)) ?? new Map(),
    };
    const clock = { monotonicMs: () => performance.now(), sleep };
    return new ProbeServer({ at: http, events: this.events, clock, facts });
  }

  async #startClock(redis: Redis): Promise<StoreClock> {
    const clock = new StoreClock({
      readStoreTimeMs: () => readTimeMs(redis),
      onAnswer: tookMs => this.#probes?.storeAnswered("redis", tookMs),
    });
    // The first measurement is waited for: a pod whose clock is off must not open a term by it.
    await this.#untilAnswered(
      () => clock.measure(),
      () => true,
    );
    this.#clock = clock;
    this.#begin(
      new ClockKeeper({ clock, events: this.events, intervalMs: this.#config.election.leaseTtlMs / 3 }),
    );
    return clock;
  }

  #startHeartbeat(redis: Redis, clock: StoreClock): void {
    const { generation, hash } = this.#config;
    const marks = () => jobMarks(this.#config.jobs.map(job => job.name));
    const startedAt = new Date(clock.nowMs()).toISOString();
    const alarm = new ConfigAlarm(this.events);
    this.#heartbeat = new Heartbeat({
      redis,
      keys: this.#keys,
      clock,
      record: {
        id: this.id,
        roles: this.#roles,
        generation,
        hash,
        jobs: marks(),
        ...this.#zoneData(),
        format: this.#format,
        startedAt,
        stuck: [],
      },
      onReplicas: async records => {
        const { generation, hash } = this.#config;
        alarm.check({ id: this.id, generation, hash, jobs: marks(), ...this.#zoneData() }, records);
        await this.#keepFormat(redis, records);
      },
    });
    this.#begin(this.#heartbeat);
  }

  #startStuckAlarm(redis: Redis, clock: StoreClock): void {
    const { jobs, queues } = this.#config;
    this.#stuckAlarm = new StuckAlarm({
      clock,
      jobs,
      events: this.events,
      queues: Object.keys(queues),
      launched: new LaunchedRuns(redis, this.#keys),
      lookAt: (queue, runs) => lookAtQueue(redis, this.#keys, queue, runs),
      hasWorkers: async () => {
        const replicas = await readReplicas(redis, this.#keys);
        return replicas.some(({ roles }) => roles.includes("worker"));
      },
      onStuck: stuck => this.#heartbeat?.update({ stuck: stuck.slice(0, STUCK_SHOWN) }),
    });
    this.#begin(this.#stuckAlarm);
  }

  /** A replica that was away while all others were upgraded must not go on with what it does not understand. */
  async #keepFormat(redis: Redis, records: readonly ReplicaRecord[]): Promise<void> {
    await raiseFormat(redis, this.#keys, this.#format, records);
    await checkFormat(redis, this.#keys, this.#format).catch((error: unknown) => {
      if (isBellwetherError(error, "BW_FORMAT_NEWER")) this.#fail(error);
    });
  }

  async #startWorkers(redis: Redis, clock: StoreClock): Promise<void> {
    this.#locks = new Locks({ store: this.#stores.lockStore(clock), clock, events: this.events });
    this.#workers = new Workers({
      config: this.#config,
      handlers: this.#handlers,
      replica: this.id,
      connect: () => this.#stores.connect("worker"),
      events: this.events,
      log: this.#log,
      locks: this.#locks,
      skewMs: () => clock.skewMs(),
      recordResult: result => recordResult(redis, this.#keys, result, this.#closing.signal),
    });
    await this.#workers.start();
  }

  #startDataGuard(redis: Redis, clock: StoreClock): DataGuard {
    const guard = new DataGuard({
      clock,
      events: this.events,
      read: options => readMemory(redis, this.#keys, options),
      putBack: (memory, fence) => putBack(redis, this.#keys, memory, { fence, by: this.id }),
    });
    this.#begin(guard);
    return guard;
  }

  #startElector(redis: Redis, clock: StoreClock, guard: DataGuard): void {
    const { jobs, election, generation } = this.#config;
    const store = this.#stores.leaseStore();
    const launcher = new Launcher({
      redis: this.#stores.connect("noRetry", "launch"),
      keys: this.#keys,
      jobs,
      format: this.#format,
    });
    this.#launcher = launcher;
    const leaderLoop = new LeaderLoop({
      launcher,
      clock,
      events: this.events,
      jobs,
      settle: term => guard.settle(term),
      isAgreed: async () => areJobsAgreed(this.#config, await readReplicas(redis, this.#keys)),
    });
    this.#leaderLoop = leaderLoop;
    const operatorLog = new OperatorLog({ redis, keys: this.#keys, clock, events: this.events });
    this.#elector = new Elector({
      store,
      clock,
      events: this.events,
      replica: this.id,
      generation,
      leaseTtlMs: election.leaseTtlMs,
      runTerm: async term => {
        await guard.begin(term);
        return operatorLog.during(term, () => leaderLoop.runTerm(term)).finally(() => guard.end());
      },
      canLaunch: () => launcher.isConnected() && redis.status === "ready",
      seekLeader: () => readLeader(redis, this.#keys),
      absence: this.#absence,
    });
    this.#elector.failure.catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#fail(
        new BellwetherError("BW_BUG", { rule: `the election ends only with stop(), but: ${why}` }, { cause }),
      );
    });
    this.#elector.start();
  }

  #fail(error: BellwetherError): void {
    this.#tellFailure(error);
    this.#failure.reject(error);
  }

  #tellFailure(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.events.emit("replica.failed", failureOf(error));
  }

  #begin(part: Part): void {
    part.start();
    this.#others.push(part);
  }

  #has(role: Role): boolean {
    return this.#roles.includes(role);
  }

  /** Waits for a step of the start, but not beyond `stop`. */
  #unlessStopped<T>(step: Promise<T>): Promise<T> {
    return unlessAborted(step, this.#stopping.signal);
  }

  /** Asks Redis again and again, while no answer comes or it is one of `isPassing`. */
  async #untilAnswered(ask: () => Promise<unknown>, isPassing = isConnectionLoss): Promise<void> {
    for (;;) {
      try {
        await this.#unlessStopped(ask());
        return;
      } catch (error) {
        if (error instanceof Aborted || !isPassing(error)) throw error;
        await sleep(RETRY_MS, this.#stopping.signal);
      }
    }
  }
}
