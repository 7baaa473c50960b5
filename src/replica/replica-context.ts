import type { Redis } from "ioredis";
import type { StoreClock } from "../clock/store-clock.ts";
import type { AbsenceAlarm } from "../election/absence-alarm.ts";
import type { LeaderWatch } from "../election/leader-watch.ts";
import type { BellwetherError } from "../errors.ts";
import type { Role } from "../event-map.ts";
import type { Events } from "../events.ts";
import type { RunLogSource } from "../worker/active-run.ts";
import type { Carried } from "./carried.ts";
import type { ReplicaStores } from "./replica-stores.ts";

/** What all parts of a replica share. */
export interface ReplicaContext {
  /** Unique per process start. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** The newest format of the data in Redis that it understands. */
  readonly format: number;
  readonly events: Events;
  /** Handlers log through its children. */
  readonly log: RunLogSource;
  /** What handlers get as `run.context`. */
  readonly context: unknown;
  readonly stores: ReplicaStores;
  readonly absence: AbsenceAlarm;
  /** Aborts when the replica is stopped. */
  readonly stopping: AbortSignal;
  /** Called with how long a store took to answer. */
  readonly onAnswer: (store: "redis" | "etcd", tookMs: number) => void;
  /** Called when the replica cannot go on. */
  readonly onFailure: (error: BellwetherError) => void;
}

/** What a replica has when Redis can be worked with. */
export interface ReachedRedis {
  /** The main connection. */
  readonly redis: Redis;
  /** Has been measured: a pod whose clock is off must not open a term by it. */
  readonly clock: StoreClock;
  /** Runs already: one that waits for Redis knows of no leader either. */
  readonly leaderWatch: LeaderWatch;
}

/** What its parts share when it has joined the others. */
export interface JoinedContext extends ReplicaContext, ReachedRedis {
  /** From its start; `carry` changes it. */
  readonly carried: Carried;
}

/** A part of a running replica. */
export interface Part {
  /** Rejects with `Aborted` when the replica is stopped before that. */
  start(): Promise<void> | void;
  /** Ends it, also before it has started. Resolves with false when it cut work off. */
  stop(): Promise<unknown>;
  /** Goes on with a changed configuration. */
  carry?(carried: Carried): void;
}
