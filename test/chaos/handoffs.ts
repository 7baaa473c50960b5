import { type FaultKind, LEASE_TTL_MS } from "./fault-kinds.ts";
import type { LeaderLine } from "./replica-group.ts";

export interface Handoff {
  readonly cause: string;
  readonly ms: number;
}

/** What takes the leader away, if it is aimed at the leader; everything else that is going on is company. */
const CAUSES: readonly FaultKind[] = [
  "kill -9 of a leader",
  "stop of a leader (SIGTERM)",
  "freeze beyond the TTL",
  "Redis: requests held up",
  "Redis: replies held up",
  "Redis: black hole",
  "etcd: requests held up",
  "etcd: replies held up",
  "etcd: black hole",
  "etcd: kill -9 of its leader",
  "Redis: kill -9 and restart",
  "Redis: freeze",
  "failover",
  "failover that loses writes",
  "primary frozen, then two of them",
  "everything down",
];

/** A fault that ended longer ago than this has nothing to do with what happens now. */
const AFTERMATH_MS = LEASE_TTL_MS;

interface Pending {
  readonly cause: FaultKind;
  readonly atMs: number;
  healedMs: number | null;
}

/**
 * Measures, from outside, how long it takes from a fault to the next `leader.elected`. A fault that changes no
 * leader has no handoff; where several came before the change, it is theirs together.
 */
export class Handoffs {
  readonly all: Handoff[] = [];
  #pending: Pending[] = [];

  /** Returns what is to be called when the fault has ended. */
  onFault(fault: FaultKind, atMs: number): (healedMs: number) => void {
    const pending: Pending = { cause: fault, atMs, healedMs: null };
    if (CAUSES.includes(fault)) this.#pending.push(pending);
    return healedMs => {
      pending.healedMs = healedMs;
    };
  }

  onLeaderLine({ atMs, line }: LeaderLine): void {
    if (line.event !== "leader.elected") return;
    const [first, ...more] = this.#pending.filter(
      ({ healedMs }) => healedMs === null || atMs < healedMs + AFTERMATH_MS,
    );
    this.#pending = [];
    if (!first) return;
    this.all.push({ cause: more.length > 0 ? "several at once" : first.cause, ms: atMs - first.atMs });
  }
}
