import type {
  DropReason,
  ElectedReason,
  LockLostReason,
  LostReason,
  MissReason,
  ResignReason,
  ReturnReason,
  RunLostReason,
  SkipReason,
  TermCode,
} from "./reasons.ts";

/**
 * What happens in a replica, as typed events. Code emits; the log and the metrics subscribe. Names and
 * fields are a contract: people grep for them.
 */
export type Role = "scheduler" | "worker";
export type TickKind = "scheduled" | "catch-up" | "manual" | "backfill";

/**
 * Why a term ended, as exactly as its leader or the store knew; `first`: no term came before. What each one means:
 * docs/events.md. `by`: who asked for a `stepdown`. `error`: the words of what failed.
 */
export const TERM_CAUSES = [
  "first",
  "shutdown",
  "stepdown",
  "generation",
  "no-progress",
  "failed",
  "process-gone",
  "presence-lost",
  "frozen",
  "unreachable",
  "refused",
  "replaced",
  "fenced",
  "store-away",
  "lease-removed",
  "silent",
  "unknown",
] as const;
export type TermCause = (typeof TERM_CAUSES)[number];

export interface EndCause {
  readonly cause: TermCause;
  readonly by?: string;
  readonly error?: string;
}

/** How a term began, the same from every replica. `at`: when it was opened, store time, ISO 8601. */
interface TermBeginning extends EndCause {
  readonly reason: ElectedReason;
  readonly reasonCode: ElectedReason;
  readonly previous: string | null;
  readonly vacantMs: number | null;
  readonly at: string;
}

export type StartPhase =
  | "loading the configuration"
  | "loading the handlers"
  | "waiting for Redis"
  | "joining the others";

export interface EventMap {
  /** `tz`: the version of the tz database. `http`: the URL of probes and metrics, where they are not switched off. */
  "replica.started": { roles: readonly Role[]; generation: number; pid: number; tz: string; http?: string };
  "replica.stopping": { roles: readonly Role[]; generation: number; reason: string };
  "replica.stopped": { roles: readonly Role[]; generation: number; clean: boolean };
  /** The process ends while handlers are at work. `run`: the one that ended it, where it did so itself. */
  "replica.exited": { exitCode: number; run: string | null; runs: readonly string[] };
  /** It was stopped before it had started, in this `phase` of the start. */
  "replica.interrupted": { reason: string; phase: StartPhase };
  /** It cannot start or go on: the command stops it and ends with exit code 1 or 2. `code`: of docs/errors.md. */
  "replica.failed": { error: string; code: string };
  /** Lines of the log were `dropped`, because they could not be written for this long; `error` says why. */
  "log.recovered": { dropped: number; forMs: number; error: string };
  /** A subscriber of the events threw or rejected; reported once for each event `at` which one does. */
  "listener.failed": { at: EventName; error: string };

  "leader.elected": { term: number; store: "redis" | "etcd"; leader: string } & TermBeginning;
  /** Once per change, by every replica that follows. Term 0, a holder from outside, has no beginning. */
  "leader.observed": { leader: string; term: number } & Partial<TermBeginning>;
  /** `at`: when the term ended, by this replica's measure of the store's time. */
  "leader.resigned": {
    term: number;
    reason: ResignReason;
    reasonCode: TermCode<ResignReason>;
    at: string;
  } & EndCause;
  /** `error`: what the store said last, where it said something. */
  "leader.lost": { term: number; reason: LostReason; reasonCode: LostReason; at: string } & EndCause;
  /** The leader's work broke down (a bug); it resigned so that others can try. */
  "leader.failed": { term: number; error: string };
  /** There has been no leader for longer than the grace; again with `forMs` while it lasts, at growing intervals. */
  "leader.absent": { forMs: number; error: string };
  /** This replica's bids have no answer while another one leads; again with `forMs` while it lasts, at growing intervals. */
  "bid.failing": { forMs: number; error: string; leader: string };
  "clock.skewed": { skewMs: number };
  /** The store's time changed by more than drift, and ticks follow it now. */
  "clock.stepped": { stepMs: number };

  "tick.launched": {
    job: string;
    tick: string;
    term: number;
    lateMs: number;
    run: string;
    kind: TickKind;
  };
  /** `run`: the run that blocked it. `count` ticks from `from` to `tick`, when one record covers several. */
  "tick.skipped": {
    job: string;
    tick: string;
    term: number;
    reason: string;
    reasonCode: SkipReason["code"];
    run?: string;
    from?: string;
    count?: number;
  };
  /** `count` ticks from `from` to `tick`, when one record covers several. */
  "tick.missed": {
    job: string;
    tick: string;
    term: number;
    reason: string;
    reasonCode: MissReason["code"];
    from?: string;
    count?: number;
  };
  "job.overdue": { job: string; tick: string; forMs: number };
  /** The job's cursor lies in the future, so it is silent until then: the store's clock was ahead for a while. */
  "job.silenced": { job: string; until: string; forMs: number };
  /** The leader does not launch this job, and tries again later; the others go on. `fix`: what to do about it. */
  "job.quarantined": { job: string; term: number; reason: string; fix: string; retryInMs: number };
  "job.recovered": { job: string; term: number; forMs: number };

  /** No configuration has had the job for a day: its cursor is thrown away, and put back it would be a new job. */
  "job.retired": { job: string };

  /** The leader has carried out, or noticed, what an operator did. `ticks`: those that are (not) skipped; of a backfill, how many. */
  "operator.acted": {
    action: string;
    by: string;
    at: string;
    term: number;
    job?: string;
    run?: string;
    ticks?: readonly string[] | number;
    reason?: string;
    reasonCode?: string;
  };

  "run.completed": { job: string; run: string; attempt: number; durationMs: number };
  /** `final`: no attempt is left. */
  "run.failed": {
    job: string;
    run: string;
    attempt: number;
    durationMs: number;
    final: boolean;
    error: string;
    stack?: string;
  };
  /** The run goes back to its queue without using up an attempt (shutdown deadline, no handler here, overlap). */
  "run.returned": { job: string; run: string; reason: string; reasonCode: ReturnReason["code"] };
  /** An error that no promise or callback of a handler caught; it names its run where that is known. */
  "run.strayError": { job: string | null; run: string | null; error: string; stack?: string };

  /**
   * `zones`: a hash of what the jobs' zones do in this year and the next one. `needsRestart`: settings of a changed
   * configuration that a running replica does not take over. `added`, `removed`, `changed`: jobs, by comparison with the
   * configuration before, each only where there are any; `unnamed` of them beyond the first of each kind.
   */
  "config.loaded": {
    generation: number;
    hash: string;
    zones: string;
    jobs: number;
    needsRestart?: readonly string[];
    added?: readonly string[];
    removed?: readonly string[];
    changed?: readonly string[];
    unnamed?: number;
  };
  "config.rejected": { mistakes: readonly string[] };
  /** The change that was rejected has been taken back: the files are again what this replica runs with. */
  "config.resolved": { generation: number; hash: string };
  /** A file of the configuration is not read although its name or contents suggest it; once for each. */
  "config.unread": { problem: string };
  /**
   * Replicas of one generation carry different jobs, or (with `zones`) know different clock changes for these zones,
   * because their versions of the tz database differ.
   */
  "config.differs": {
    generation: number;
    hash: string;
    other: string;
    otherHash: string;
    zones?: readonly string[];
    tz?: string;
    otherTz?: string;
  };

  /**
   * A replica of a higher generation in the same namespace has no job in common with this one. It is probably another
   * application: its leader launches its own jobs only, and keeps this one from leading.
   */
  "namespace.shared": {
    generation: number;
    hash: string;
    other: string;
    otherGeneration: number;
    otherHash: string;
  };

  /**
   * A connection to Redis cannot be made or used; reported once until all recover, and again for each other refusal.
   * `connection`: which one, unless it is the main one.
   */
  "redis.unreachable": { address: string; error: string; connection?: string };
  /** `server` is the one that the main connection reaches: `address` may name sentinels, nodes or a name that moves. */
  "redis.connected": { address: string; server?: string; version: string };
  /** etcd does not answer, or refuses the user; reported once until it recovers. */
  "etcd.unreachable": { address: string; error: string };
  "etcd.connected": { address: string };
  "redis.warning": { problem: string; advice: string };
  /**
   * Redis does not have what this replica has seen in it. `found`: the namespace is `empty`, was emptied and has begun anew
   * (`other`), or is `older` than that. `lost`: what is missing. `pausedAgain`: jobs whose pauses this replica put back.
   * `error`: why it could not.
   */
  "redis.lostData": {
    found: "empty" | "other" | "older";
    lost: readonly string[];
    term: number;
    foundTerm: number;
    pausedAgain: readonly string[];
    error?: string;
  };
  /** A launch was refused or its outcome is unknown; the cursors decide what happens next. */
  "launch.failed": { term: number; error: string };
  /** Redis answers this leader, and its launches have no answer: its launch connection is broken, or its work hangs. */
  "launch.stalled": { term: number; forMs: number; error: string };
  /** A replica stopped renewing the run's lock (it died or hung); BullMQ put the run back for the others. */
  "run.stalled": { queue: string; run: string };
  /** A launched run is not started for longer than it should take; once for each cause. `fix`: what to do about it. */
  "run.stuck": { job: string; run: string; queue: string; cause: string; forMs: number; fix: string };
  /** It was started, was removed, or its queue makes progress. `cause`: the last one that was reported. */
  "run.unstuck": { job: string; run: string; queue: string; cause: string; forMs: number };
  /** The lock went to another replica or ran out: whatever this attempt comes to does not count. */
  "run.lost": {
    job: string;
    run: string;
    attempt: number;
    reason: string;
    reasonCode: RunLostReason["code"];
  };
  /** The run completed, but what its handler returned cannot be kept. */
  "run.resultDropped": { job: string; run: string; reason: string; reasonCode: DropReason["code"] };
  /** The end of a run is missing from the history; the run itself is not affected. */
  "run.unrecorded": { job: string; run: string; error: string };
  /** BullMQ reported something other than a broken connection; the same text is reported once a minute. */
  "worker.error": { queue: string; error: string };
  /**
   * The workers receive nothing from Redis on this connection (its name in CLIENT LIST); reported once until they do.
   */
  "worker.silent": { connection: string; forMs: number };
  "worker.heard": { forMs: number };

  /** `run`: the run that holds it, or null outside of runs. */
  "lock.acquired": { lock: string; fence: number; waitedMs: number; run: string | null };
  "lock.released": { lock: string; fence: number; heldMs: number; run: string | null };
  /** Instead of `lock.released`: the lock ended before the work that it protects. */
  "lock.lost": {
    lock: string;
    fence: number;
    heldMs: number;
    run: string | null;
    reason: LockLostReason;
    reasonCode: LockLostReason;
  };
}

export type EventName = keyof EventMap;
export type Level = "debug" | "info" | "warn" | "error";

type EventRule<K extends EventName> = {
  readonly level: Level | ((fields: EventMap[K]) => Level);
  readonly message: string;
};

/** Level and fixed text of each event. The values are in the fields, never in the text. */
export const EVENT_RULES: { readonly [K in EventName]: EventRule<K> } = {
  "replica.started": { level: "info", message: "replica started" },
  "replica.stopping": { level: "info", message: "replica stopping" },
  "replica.stopped": { level: "info", message: "replica stopped" },
  "replica.exited": {
    level: "error",
    message: "the process ends while runs are in progress; they are taken over when their locks run out",
  },
  "replica.interrupted": { level: "info", message: "stopped before the replica had started" },
  "replica.failed": { level: "error", message: "the replica cannot start or go on" },
  "log.recovered": { level: "warn", message: "the log can be written again; lines are missing" },
  "listener.failed": { level: "error", message: "a subscriber of the events failed" },
  "leader.elected": { level: "info", message: "this replica leads now" },
  "leader.observed": { level: "info", message: "following a leader" },
  "leader.resigned": { level: "info", message: "gave up leadership" },
  "leader.lost": { level: "warn", message: "lost leadership" },
  "leader.failed": { level: "error", message: "the leader's work broke down; resigning" },
  "leader.absent": { level: "error", message: "this replica knows of no leader" },
  "bid.failing": { level: "error", message: "this replica cannot stand for election; another one leads" },
  "clock.skewed": {
    level: "warn",
    message: "this machine's clock is off; ticks and retries follow the store's time",
  },
  "clock.stepped": { level: "warn", message: "the store's clock was set; ticks follow it" },
  "tick.launched": { level: "debug", message: "tick launched" },
  "tick.skipped": { level: "info", message: "tick skipped" },
  "tick.missed": { level: "warn", message: "tick missed" },
  "job.overdue": { level: "error", message: "job is overdue" },
  "job.silenced": { level: "error", message: "job is silent: its ticks until then count as decided" },
  "job.quarantined": { level: "error", message: "job cannot be launched and is set apart; all others go on" },
  "job.recovered": { level: "info", message: "job can be launched again" },
  "job.retired": { level: "info", message: "job retired" },
  "operator.acted": { level: "info", message: "an operator acted" },
  "run.completed": { level: "info", message: "run completed" },
  "run.failed": { level: f => (f.final ? "error" : "warn"), message: "run failed" },
  "run.returned": { level: "info", message: "run given back to its queue" },
  "run.strayError": { level: "error", message: "error outside of a handler's promise" },
  "config.loaded": { level: "info", message: "configuration loaded" },
  "config.rejected": { level: "error", message: "configuration rejected" },
  "config.resolved": { level: "info", message: "the rejected change of the configuration was taken back" },
  "config.unread": { level: "warn", message: "a part of the configuration is not read" },
  "config.differs": { level: "warn", message: "another replica of this generation has other jobs or zones" },
  "namespace.shared": {
    level: "warn",
    message:
      "a higher generation with none of these jobs is in the same namespace, and keeps them from being launched",
  },
  "redis.unreachable": { level: "error", message: "Redis does not answer; trying again" },
  "redis.connected": { level: "info", message: "connected to Redis" },
  "etcd.unreachable": { level: "error", message: "etcd does not answer; trying again" },
  "etcd.connected": { level: "info", message: "connected to etcd" },
  "redis.lostData": { level: "error", message: "Redis has lost data of the namespace" },
  "redis.warning": { level: "warn", message: "Redis is not set up as it should be" },
  "launch.failed": { level: "warn", message: "launch failed; reading the cursors again" },
  "launch.stalled": { level: "error", message: "launches get no answer although Redis answers; resigning" },
  "run.stalled": { level: "warn", message: "run taken back from a replica that stopped renewing its lock" },
  "run.stuck": { level: "error", message: "launched run does not start" },
  "run.unstuck": { level: "info", message: "run is not stuck any more" },
  "run.lost": { level: "warn", message: "lost the run; this attempt does not count" },
  "run.resultDropped": { level: "warn", message: "run completed; its result is not kept" },
  "run.unrecorded": { level: "warn", message: "the end of the run is not in the history" },
  "worker.error": { level: "error", message: "a queue's worker reported an error" },
  "worker.silent": { level: "error", message: "the workers hear nothing from Redis; connecting again" },
  "worker.heard": { level: "info", message: "the workers hear from Redis again" },
  "lock.acquired": { level: "debug", message: "lock acquired" },
  "lock.released": { level: "debug", message: "lock released" },
  "lock.lost": { level: "warn", message: "lock lost while its work was under way" },
};

type Listener = <K extends EventName>(name: K, fields: EventMap[K]) => unknown;

/**
 * Hands each event to every subscriber, in the order of subscription. A subscriber that throws or rejects must not stop
 * what emitted the event, nor hide the event from the others: it is reported once for each event's name.
 */
export class Events {
  readonly #listeners = new Set<Listener>();
  readonly #reported = new Set<EventName>();

  emit<K extends EventName>(name: K, fields: EventMap[K]): void {
    for (const listener of this.#listeners) {
      try {
        const result = listener(name, fields);
        if (isThenable(result)) result.then(undefined, error => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A subscriber that fails at the report itself is reported on standard error only: another report would never end. */
  #report(failed: EventName, error: unknown): void {
    if (this.#reported.has(failed)) return;
    this.#reported.add(failed);
    const why = explain(error);
    if (failed === "listener.failed")
      process.stderr.write(`a subscriber of Bellwether's events failed: ${why}\n`);
    else this.emit("listener.failed", { at: failed, error: why });
  }
}

/** What a subscriber threw may be unreadable: a getter that throws, a revoked Proxy. */
function explain(error: unknown): string {
  try {
    return String(error instanceof Error ? (error.stack ?? error.message) : error);
  } catch {
    return "an error that cannot be read";
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
