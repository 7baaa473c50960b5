import type { Redis } from "ioredis";
import type { ChaosConfig } from "./chaos-config.ts";
import type { FaultKind } from "./fault-kinds.ts";
import type { Step } from "./fault-script.ts";
import type { OperatorDesk } from "./operator-desk.ts";
import type { ReplicaGroup, Slot } from "./replica-group.ts";
import type { Injected, Servers } from "./servers.ts";
import type { Sweeper } from "./sweeper.ts";

export interface Faults {
  readonly group: ReplicaGroup;
  readonly servers: Servers;
  readonly desk: OperatorDesk;
  readonly config: ChaosConfig;
  readonly sweeper: Sweeper;
  /** A connection to the Redis that takes the writes, past all links. */
  readonly admin: () => Promise<Redis>;
  /** Does something to the server of this connection, over another one if need be, until it succeeds. */
  readonly untilDone: (redis: Redis, act: (redis: Redis) => Promise<unknown>) => Promise<void>;
  /** Another server is about to take the writes, and may lack some of them. */
  readonly isFailingOver: () => boolean;
  readonly note: (what: string) => void;
}

/** Carries a step out; resolves with null when there was nothing to do it to. */
export type Act = (faults: Faults, step: Step) => Promise<Injected | null>;
export type Acts = Partial<Record<FaultKind, Act>>;

export const NOTHING_TO_HEAL = async () => undefined;

/** The replica that a step is aimed at. When there is no leader at that moment, it is another replica. */
export function target({ group }: Faults, { atLeader, pick }: Step): Slot {
  const leader = group.leader();
  if (atLeader && leader) return leader;
  const others = atLeader ? group.slots : group.slots.filter(slot => slot !== leader);
  return others[pick % others.length] as Slot;
}

export function allOf({ group }: Faults): string[] {
  return group.slots.map(({ name }) => name);
}

export function nameOf(faults: Faults, slot: Slot): string {
  return slot === faults.group.leader() ? `${slot.name}, the leader` : slot.name;
}

/** One of several, by the step's variant. */
export function variantOf<T>(variants: readonly T[], { variant }: Step): T {
  return variants[Math.floor(variant * variants.length)] as T;
}
