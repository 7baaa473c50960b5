import type { LogLine } from "../../support/replica-process.ts";
import type { Window } from "./windows.ts";

/** An entry of BullMQ's own event stream. */
export interface QueueEvent {
  /** Of the stream: when it was written, by the clock of Redis. */
  readonly id: string;
  readonly event: string;
  /** The run that it is about; of a deduplicated one, not the run that blocked it. */
  readonly run: string;
  /** Of an added run: the term in its data, or null when the run was removed before it was read. */
  readonly term: number | null;
}

/** What a handler wrote down when it was called. */
export interface Handled {
  readonly run: string;
  readonly attempt: number;
  readonly term: number;
}

/** What a job's configuration says of its ticks; they are the multiples of its period. */
export interface JobRules {
  readonly periodMs: number;
  readonly overlap: "allow" | "skip" | "queue";
  /** `all` when absent. */
  readonly catchUp?: "none" | "latest" | "all";
  /** One hour when absent, as in the configuration. */
  readonly catchUpWindowMs?: number;
  /** 100 when absent, as in the configuration. */
  readonly catchUpLimit?: number;
  /** How much later than its time a tick is due; 0 when absent. */
  readonly jitterOf?: (tickAtMs: number) => number;
  readonly maxRuns?: number;
  /** Whether the multiple of the period is none of the job's ticks. */
  readonly isExcepted?: (tickAtMs: number) => boolean;
}

/** A change of the configuration. Which replica follows it when is not known; until `untilMs` either rules may apply. */
export interface Edit extends Window {
  readonly rules: JobRules;
}

/** A removal of the job from the configuration, until every replica has it again. */
export interface Absence extends Window {
  /** No replica has the job. */
  readonly goneFromMs: number;
  readonly goneUntilMs: number;
}

export interface JudgedJob extends JobRules {
  readonly name: string;
  readonly absences?: readonly Absence[];
  /** In order. */
  readonly edits?: readonly Edit[];
}

/** What Bellwether's own history says of a tick. */
export interface Recorded {
  /** The run that the tick has, or would have had. */
  readonly run: string;
  readonly outcome: "launched" | "skipped" | "missed";
  /** When the entry was written, by the clock of Redis. */
  readonly atMs: number;
  readonly reason?: string;
  /** Absent in the records of a release without codes. */
  readonly reasonCode?: string;
  /** How late the leader was when it decided, by its own account. */
  readonly lateMs?: number;
  readonly blockedBy?: string;
}

/** What Bellwether's records say that an operator ordered, as far as it survived. */
export interface RecordedCommand {
  readonly action: "pause" | "resume" | "skip-next" | "keep-next";
  readonly job: string;
  readonly atMs: number;
  /** The ticks that are to be skipped or kept. */
  readonly ticks?: readonly number[];
  /** A replica gave it again after a failover that lost it. */
  readonly isPutBack?: boolean;
}

/** A command that was given: when, and how it ended. */
export interface Command extends Window {
  readonly action: RecordedCommand["action"] | "trigger" | "backfill" | "stepdown";
  readonly job: string | null;
  /** Null when the command failed: what it did is then unknown. */
  readonly answer: CommandAnswer | null;
  /** Of a backfill, how many runs it asks for; 1 when absent. */
  readonly most?: number;
}

export interface CommandAnswer {
  /** The runs that it says it started. */
  readonly runs?: readonly string[];
  /** False when it says that there was nothing to do. */
  readonly isChange?: boolean;
}

/** What went wrong on purpose, and for how long the leader may be late because of it. */
export interface Disturbance extends Window {
  readonly kind: string;
  /**
   * `leader`: the leader is late, and for this long only. `follower`: the replica cannot take over meanwhile, which
   * matters when the leader is hit too. `store`: no replica can launch.
   */
  readonly of: "leader" | "follower" | "store";
  /** True when the leader's term ends by it: another term must begin in time. */
  readonly endsTerm?: boolean;
}

/** A run that was removed from outside: not before, and not later. */
export interface Removed extends Window {
  readonly run: string;
}

/** A call of a handler: until its end, or until the claim of a process that died has run out. */
export interface Call extends Window {
  readonly run: string;
  /** When the handler was done, if it succeeded. */
  readonly succeededMs?: number;
}

/** A time in which a run had the lock that the locking jobs share. */
export interface LockHold extends Window {
  readonly fence: number;
  readonly holder: string;
}

/** The beginning of a term, by the clock of the store. */
export interface TermStart {
  readonly term: number;
  readonly sinceMs: number;
}

export interface Evidence {
  readonly jobs: readonly JudgedJob[];
  /** BullMQ's event stream as it was in the end, the trimmed part included. */
  readonly events: readonly QueueEvent[];
  /** The jobs' histories as they were in the end, the trimmed part included. */
  readonly history: readonly Recorded[];
  readonly handled: readonly Handled[];
  /** How long handlers were at work. */
  readonly calls?: readonly Call[];
  /** The instant (epoch ms) after which nothing was disturbed: every tick up to it must be decided and handled. */
  readonly quietAtMs: number;
  /** What no replica should do, whatever happens to it. */
  readonly accidents: readonly string[];
  readonly recordedCommands?: readonly RecordedCommand[];
  readonly commands?: readonly Command[];
  readonly disturbances?: readonly Disturbance[];
  readonly terms?: readonly TermStart[];
  readonly removed?: readonly Removed[];
  readonly lockHolds?: readonly LockHold[];
  /** When a lock's holder was frozen, or the store lost what it had granted. */
  readonly lockExcuses?: readonly Window[];
  /** When the clock of Redis was set, and what its records say of time is wrong by up to 5 s. */
  readonly clockSteps?: readonly Window[];
  /** How many leaders said that they resigned because an operator asked. */
  readonly steppedDown?: number;
  /** What the replicas logged of leadership and of their connections to Redis. */
  readonly handoffs?: HandoffEvidence;
  /** Whether the Redis of the end may lack what the one before had acknowledged. */
  readonly mayLoseWrites?: boolean;
  /** When the machine itself was held up: nothing says anything about lateness then. */
  readonly stalls?: readonly Window[];
  /** How late a decision may be where nothing is disturbed; 2 s when absent. */
  readonly punctualMs?: number;
}

/**
 * What replicas said of leadership: the lines of each replica are in its own order, and replicas may be in any order.
 */
export interface HandoffEvidence {
  readonly lines: readonly LogLine[];
  /** A failover may take a term back, and give its number to another leader. */
  readonly mayLoseWrites?: boolean;
  /** Replicas that run at the end, undisturbed: each of them knows the newest term. */
  readonly alive?: readonly string[];
}

export type Breach =
  | "lost"
  | "launched twice"
  | "out of order"
  | "older term after a newer one"
  | "not handled"
  | "not on record once"
  | "wrong record"
  | "no such tick"
  | "not permitted"
  | "late"
  | "no leader"
  | "handoff not told"
  | "command not carried out once"
  | "lock"
  | "failed"
  | "accident";

export interface Violation {
  readonly breach: Breach;
  readonly what: string;
  /** The run that it is about, if any. */
  readonly run?: string;
}
