import type { FaultyLink } from "../support/faulty-link.ts";
import type { FaultKind, StoreKind } from "./fault-kinds.ts";
import type { Step } from "./fault-script.ts";

/** One replica's own way to the servers: what it is configured with, and the links in between. */
export interface Access {
  /** Lines of bellwether.yaml. */
  readonly settings: readonly string[];
  /** The text under `election` there, in YAML's flow style. */
  readonly election: string;
  readonly redisLinks: readonly FaultyLink[];
  readonly etcdLinks: readonly FaultyLink[];
}

/** A fault that was carried out, in words, and what ends it. */
export interface Injected {
  readonly what: string;
  /** Names of the slots whose replicas it is done to; none when it is done to the servers. */
  readonly slots?: readonly string[];
  readonly heal: () => Promise<void>;
}

/** The servers that replicas run on, and what can happen to them. */
export interface Servers {
  readonly store: StoreKind;
  /** Whether the Redis that leads may lack writes that the one before had acknowledged. */
  readonly mayLoseWrites: boolean;
  readonly faults: Partial<Record<FaultKind, (step: Step) => Promise<Injected>>>;
  join(): Promise<Access>;
  /** The port of the Redis that takes the writes. */
  primaryPort(): Promise<number>;
  /** Kills all of them. */
  down(): Promise<void>;
  /** Starts all of them again, with what their disks hold. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** No acknowledged write is lost by a kill: what is missing afterwards was lost by something else. */
export const DURABLE = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];

/** Replication has a user of its own: taken away, a primary goes on acknowledging writes that no replica gets. */
export const REPLICATION = { user: "replication", password: "replication" };

export const REPLICATION_ARGS = [
  ...["--user", REPLICATION.user, "on", `>${REPLICATION.password}`, "+psync", "+replconf", "+ping"],
  ...["--masteruser", REPLICATION.user, "--masterauth", REPLICATION.password],
  ...["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"],
];
