import type { Registry } from "prom-client";
import { Cluster } from "../client/cluster.ts";
import { sleep } from "../clock/sleep.ts";
import { Aborted, unlessAborted } from "../clock/unless-aborted.ts";
import {
  jobChanges,
  rejectionReasons,
  settingsThatNeedRestart,
  withFixedSettings,
} from "../config/changes.ts";
import type { Config, Job } from "../config/config.ts";
import { AbsenceAlarm } from "../election/absence-alarm.ts";
import { BellwetherError, failureOf } from "../errors.ts";
import type { Role, StartPhase } from "../event-map.ts";
import { Events } from "../events.ts";
import type { GivenLogger } from "../given-log.ts";
import type { CodeHandlers } from "../handlers/code-handlers.ts";
import type { ReplicaHealth } from "../observability/health.ts";
import { Observer } from "../observability/observer.ts";
import type { ObservedReplica } from "../observability/scrape-metrics.ts";
import { FORMAT } from "../redis/format.ts";
import type { GivenConnection } from "../redis/given-connection.ts";
import { AdminListener } from "./admin-listener.ts";
import { type Carried, carriedBy, carriedNext, handlersOf, tellConfig } from "./carried.ts";
import { reachRedis } from "./reached-redis.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { newReplicaId } from "./replica-id.ts";
import { type LogTarget, openLog, type ReplicaLog } from "./replica-log.ts";
import { ReplicaStores } from "./replica-stores.ts";
import { RunningReplica } from "./running-replica.ts";

export interface ReplicaOptions {
  readonly config: Config;
  /** Unique per process start: `newReplicaId`. */
  readonly id?: string;
  readonly roles?: readonly Role[] | undefined;
  /** Receives every event; the log is one more subscriber. */
  readonly events?: Events;
  /** Where the log goes: to stdout by default. `none`: the caller subscribes to the events. */
  readonly log?: LogTarget;
  /** Of the jobs in code. */
  readonly functions?: CodeHandlers | undefined;
  /** What handlers get as `run.context`. */
  readonly context?: unknown;
  /** In place of the configuration's `redis`. */
  readonly connection?: GivenConnection | undefined;
  /** Where metrics are made; with it also where nothing listens. */
  readonly registry?: Registry | undefined;
  /** The newest format of the data in Redis that it understands: this release's own, but for tests of upgrades. */
  readonly format?: number;
}

/**
 * One replica, as its owner asks for it. It loads the handlers and waits for Redis, then joins the others as a
 * `RunningReplica`. Until then it listens on its address, knows of no leader, and can be stopped at any moment.
 */
export class Replica {
  readonly id: string;
  readonly events: Events;
  readonly #context: ReplicaContext;
  readonly #observer: Observer;
  readonly #functions: CodeHandlers;
  readonly #log: ReplicaLog;
  readonly #admin: AdminListener;
  readonly #stopping = new AbortController();
  /** The handlers are loaded, or will not be any more. */
  readonly #loaded = Promise.withResolvers<void>();
  readonly #failure = Promise.withResolvers<never>();
  readonly #unwatchLog: () => void;
  #carried: Carried;
  /** Null until it has joined the others. */
  #running: RunningReplica | null = null;
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

  /** Where its lines go. */
  get log(): GivenLogger {
    return this.#log.lines;
  }

  /** What is wrong with it, for probes. */
  get health(): ReplicaHealth {
    return this.#observer.health;
  }

  /** The configuration that it runs with. */
  get carried(): { readonly generation: number; readonly hash: string } {
    const { generation, hash } = this.#carried.config;
    return { generation, hash };
  }

  /** What a client within this process needs, now and after a change of the configuration. */
  get forClients() {
    const { place: redis } = this.#context.stores;
    return {
      connection: { redis, namespace: this.#carried.config.namespace },
      config: () => this.#carried.config,
      checkData: ({ name }: Pick<Job, "name">, data: Record<string, unknown>) =>
        this.#carried.handlers.get(name)?.check?.(data) ?? [],
    };
  }

  constructor({ config, events = new Events(), ...options }: ReplicaOptions) {
    this.events = events;
    this.id = options.id ?? newReplicaId();
    this.#functions = options.functions ?? new Map();
    this.#carried = carriedBy(config, new Map());
    const onAnswer = (store: "redis" | "etcd", tookMs: number) => this.#observer.storeAnswered(store, tookMs);
    this.#log = openLog(options.log ?? "stdout", config.log.level, {
      namespace: config.namespace,
      replica: this.id,
    });
    this.#context = {
      id: this.id,
      roles: options.roles ?? ["scheduler", "worker"],
      format: options.format ?? FORMAT,
      events,
      log: this.#log.lines,
      context: options.context,
      stores: new ReplicaStores({ config, connection: options.connection, id: this.id, events, onAnswer }),
      absence: new AbsenceAlarm({
        clock: { monotonicMs: () => performance.now() },
        leaseTtlMs: config.election.leaseTtlMs,
        raise: (forMs, error) => events.emit("leader.absent", { forMs, error }),
      }),
      stopping: this.#stopping.signal,
      onAnswer,
      onFailure: error => this.#fail(error),
    };
    this.#failure.promise.catch(() => undefined);
    const replica: ObservedReplica = {
      config: () => this.#carried.config,
      running: () => this.#running,
      absence: this.#context.absence,
      log: this.#log.output,
    };
    this.#observer = new Observer({
      http: config.http,
      dashboard: () => this.#admin.url,
      events,
      clock: { monotonicMs: () => performance.now(), sleep },
      replica,
      registry: options.registry,
    });
    this.#admin = new AdminListener({
      config: config.admin,
      namespace: config.namespace,
      cluster: () => new Cluster({ ...this.forClients, name: `bellwether:${this.id}:admin` }),
      onProblem: problem => events.emit("config.unread", { problem }),
      onAnswered: answer => events.emit("api.answered", answer),
    });
    // Last: a replica that cannot be made logs nothing.
    this.#unwatchLog = this.#log.follow(events);
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
    this.#context.absence.check("this replica has not asked who leads yet");
    const http = await this.#unlessStopped(this.#observer.start());
    const admin = await this.#unlessStopped(this.#admin.start());
    await this.#load({ http, admin });

    const reached = await reachRedis(this.#context, phase => {
      this.#phase = phase;
    });
    try {
      this.#running = new RunningReplica({ ...this.#context, ...reached, carried: this.#carried });
    } catch (error) {
      // Its connections read the files of TLS again, and one may have been removed by now.
      void reached.leaderWatch.stop();
      throw error;
    }
    await this.#running.start();
  }

  async #load({ http, admin }: { http: string | undefined; admin: string | undefined }): Promise<void> {
    const { config } = this.#carried;
    const { handlers, problems } = await this.#unlessStopped(this.#handlersOf(config));
    if (problems.length > 0) throw new BellwetherError("BW_HANDLERS_INVALID", { problems });
    this.#carried = { ...this.#carried, handlers };
    this.#loaded.resolve();
    this.#isTold = true;
    this.events.emit("replica.started", {
      roles: this.#context.roles,
      generation: config.generation,
      pid: process.pid,
      tz: this.#carried.zones.tz,
      ...(http === undefined ? {} : { http }),
      ...(admin === undefined ? {} : { admin }),
    });
    tellConfig(this.events, this.#carried);
  }

  /**
   * Goes on with a changed configuration: jobs, handlers, queues, generation and log level, without restarting a worker
   * or dropping a tick. Resolves with the obstacles, and nothing has changed then, or with an empty list when it was
   * applied. Not to be called again before it has resolved.
   */
  async reconfigure(changed: Config): Promise<readonly string[]> {
    await this.#loaded.promise;
    if (this.#stopping.signal.aborted) return [];
    const before = this.#carried.config;
    const reasons = rejectionReasons(before, changed);
    if (reasons.length > 0) return reasons;
    const loaded = await this.#unlessStopped(this.#handlersOf(changed)).catch(() => null);
    if (loaded === null) return [];
    const { handlers, problems } = loaded;
    if (problems.length > 0) return problems;

    const changes = await jobChanges(before, changed);
    const needsRestart = settingsThatNeedRestart(before, changed);
    const config = withFixedSettings(before, changed);
    const carried = await carriedNext(this.#carried, { config, handlers }, changes);
    if (this.#stopping.signal.aborted) return [];
    this.#carried = carried;
    this.#log.setLevel(changed.log.level);
    this.#running?.carry(this.#carried);
    const told = needsRestart.length === 0 ? changes : { ...changes, needsRestart };
    tellConfig(this.events, this.#carried, told);
    return [];
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
    const about = { roles: this.#context.roles, generation: this.#carried.config.generation };
    if (this.#phase !== null) this.events.emit("replica.interrupted", { reason, phase: this.#phase });
    if (this.#isTold) this.events.emit("replica.stopping", { ...about, reason });
    this.#stopping.abort();
    this.#loaded.resolve();
    await this.#started?.catch(() => undefined);
    const isFinished = (await this.#running?.stop()) ?? true;
    this.#context.stores.close();
    await Promise.all([this.#observer.stop(), this.#admin.stop()]);
    if (this.#isTold) this.events.emit("replica.stopped", { ...about, clean: isFinished });
    this.events.endStreams();
    this.#unwatchLog();
    return isFinished;
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

  #handlersOf(config: Config) {
    return handlersOf(config, this.#context.roles, this.#functions);
  }

  /** Waits for a step of the start, but not beyond `stop`. */
  #unlessStopped<T>(step: Promise<T>): Promise<T> {
    return unlessAborted(step, this.#stopping.signal);
  }
}
