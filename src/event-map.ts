import type {
  DropReason,
  EndCause,
  EndUnknownReason,
  FailReason,
  LockLostReason,
  LostReason,
  MissReason,
  QuarantineReason,
  ResignReason,
  ReturnReason,
  RunLostReason,
  SkipReason,
  TermCode,
} from "./reasons.ts";

export type Role = "scheduler" | "worker";
/** What the lease can live in, as settings, events and metrics name it. */
export const STORES = ["redis", "etcd"] as const;
export type StoreKind = (typeof STORES)[number];
export type TickKind = "scheduled" | "catch-up" | "manual" | "backfill";

/** How a term began, the same from every replica. `at`: when it was opened, store time, ISO 8601. */
export interface TermBeginning extends EndCause {
  /** One of ELECTED_REASONS, or what a later release has written. */
  readonly reason: string;
  readonly reasonCode: string;
  readonly previous: string | null;
  readonly vacantMs: number | null;
  readonly at: string;
}

export type StartPhase =
  | "loading the configuration"
  | "loading the handlers"
  | "waiting for Redis"
  | "joining the others";

/**
 * What happens in a replica, as typed events. Code emits; the log and the metrics subscribe. Names and
 * fields are a contract: people grep for them. `thrown` is the error itself, for programs: the log has only its text.
 */
export interface EventMap {
  /** `tz`: the version of the tz database. `http`, `admin`: the URLs of the probes and of the dashboard, where they are on. */
  "replica.started": {
    roles: readonly Role[];
    generation: number;
    pid: number;
    tz: string;
    http?: string;
    admin?: string;
  };
  "replica.stopping": { roles: readonly Role[]; generation: number; reason: string };
  "replica.stopped": { roles: readonly Role[]; generation: number; clean: boolean };
  /** The process ends while handlers are at work. `run`: the one that ended it, where it did so itself. */
  "replica.exited": { exitCode: number; run: string | null; runs: readonly string[] };
  /** It was stopped before it had started, in this `phase` of the start. */
  "replica.interrupted": { reason: string; phase: StartPhase };
  /** It cannot start or go on: the command stops it and ends with exit code 1 or 2. `code`: of docs/errors.md. */
  "replica.failed": { error: string; code: string; thrown: Error };
  /** Lines of the log were `dropped`, because they could not be written for this long; `error` says why. */
  "log.recovered": { dropped: number; forMs: number; error: string };
  /** A subscriber of the events threw or rejected; reported once for each event `at` which one does. */
  "listener.failed": { at: EventName; error: string; thrown: Error };

  "leader.elected": { term: number; store: StoreKind; leader: string } & TermBeginning;
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
  "leader.failed": { term: number; error: string; thrown: Error };
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
  "job.quarantined": {
    job: string;
    term: number;
    reason: string;
    reasonCode: QuarantineReason["code"];
    fix: string;
    retryInMs: number;
  };
  "job.recovered": { job: string; term: number; forMs: number };

  /** No configuration has had the job for a day: its cursor is thrown away, and put back it would be a new job. */
  "job.retired": { job: string };

  /** Histories took more than `history.memory`: completed runs (`folded`) and others (`dropped`) are only counted now. */
  "history.folded": { term: number; folded: number; dropped: number; bytes: number; budgetBytes: number };
  /** They still do, and nothing is left to fold. */
  "history.overBudget": { term: number; bytes: number; budgetBytes: number; jobs: number };
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

  /** The HTTP API has answered a request that acts, or refused it. `by`: null where the caller is not known. `from`: an address. */
  "api.answered": { method: string; path: string; status: number; by: string | null; from: string };

  "run.completed": { job: string; run: string; attempt: number; durationMs: number };
  /**
   * `final`: no attempt is left. `reason`: why none was left although the job has more. `thrown`: what the handler threw, as it
   * threw it, where that is an Error.
   */
  "run.failed": {
    job: string;
    run: string;
    attempt: number;
    durationMs: number;
    final: boolean;
    error: string;
    stack?: string;
    thrown: Error;
    reason?: string;
    reasonCode?: FailReason["code"];
  };
  /** Another program worked the run off, and how it ended is not on record. */
  "run.endUnknown": { job: string; run: string; reason: string; reasonCode: EndUnknownReason["code"] };
  /** The run goes back to its queue without using up an attempt (shutdown deadline, no handler here, overlap). */
  "run.returned": { job: string; run: string; reason: string; reasonCode: ReturnReason["code"] };
  /** An error that no promise or callback of a handler caught; it names its run where that is known. */
  "run.strayError": {
    job: string | null;
    run: string | null;
    error: string;
    stack?: string;
    thrown: Error;
  };

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
  /** Files that handlers were imported from are others now; once. The replica runs the old ones until a restart. */
  "handlers.changed": { files: readonly string[] };
  /** A file of the configuration is not read although its name or contents suggest it; once for each. */
  "config.unread": { problem: string };
  /** Replicas of one generation carry different jobs or, with `zones`, other clock changes for these: another tz database. */
  "config.differs": {
    generation: number;
    hash: string;
    other: string;
    otherHash: string;
    zones?: readonly string[];
    tz?: string;
    otherTz?: string;
  };

  /** A replica of a higher generation in this namespace has no job in common with this one: probably another application. */
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
  /** The workers receive nothing from Redis on this connection (its name in CLIENT LIST); reported once until they do. */
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

/** An event as programs get it: its name and its fields in one object. The name decides which fields there are. */
export type BellwetherEvent<K extends EventName = EventName> = {
  [N in K]: { readonly name: N } & Readonly<EventMap[N]>;
}[K];
