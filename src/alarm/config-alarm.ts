import { hash } from "node:crypto";
import type { Events } from "../events.ts";
import type { ReplicaRecord } from "../redis/replica-registry.ts";

/** What another replica says of its configuration. A replica of an older release has no marks of its jobs. */
export type PeerConfig = Pick<ReplicaRecord, "id" | "generation" | "hash" | "tz" | "zones" | "jobs">;

/** A record is written every few seconds: of more jobs than this, only those with the lowest marks are in it. */
const MARKS = 100;

/** Distinguishes the sets of jobs of two replicas: of the short hashes of all names, the first ones in order. */
export class JobMarks {
  readonly #least: string[] = [];

  get list(): readonly string[] {
    return this.#least;
  }

  add(name: string): void {
    const mark = hash("sha256", name, "hex").slice(0, 8);
    const isFull = this.#least.length === MARKS;
    if (isFull && mark >= (this.#least.at(-1) ?? "")) return;
    const at = this.#least.findLastIndex(other => other <= mark) + 1;
    this.#least.splice(at, 0, mark);
    if (isFull) this.#least.pop();
  }
}

export function jobMarks(names: Iterable<string>): readonly string[] {
  const marks = new JobMarks();
  for (const name of names) marks.add(name);
  return marks.list;
}

/** Replicas pick up a change one by one; report only differences that persist for this many checks. */
const LOOKS = 3;

/**
 * Warns when replicas of one generation carry different jobs, or different clock changes for the zones of the same
 * jobs: which set is in force then depends on who leads. It also warns when a replica of a higher generation has no job
 * in common with this one: two applications then share a namespace, and the higher generation keeps this one from
 * leading. Each difference is reported once, and again when it returns.
 */
export class ConfigAlarm {
  readonly #events: Events;
  readonly #looks: number;
  /** By what differs, how often it was there in a row. */
  #seen: ReadonlyMap<string, number> = new Map();

  constructor(events: Events, looks: number = LOOKS) {
    this.#events = events;
    this.#looks = looks;
  }

  /** One check of the other replicas; checks are some seconds apart. */
  check(own: PeerConfig, peers: readonly PeerConfig[]): void {
    const differing = new Map<string, Difference>();
    for (const peer of peers) {
      const difference = differenceTo(own, peer);
      const key = difference === null ? "" : keyOf(difference);
      if (difference !== null && !differing.has(key)) differing.set(key, difference);
    }
    const seen = new Map([...differing.keys()].map(key => [key, (this.#seen.get(key) ?? 0) + 1]));
    this.#seen = seen;
    for (const [key, { peer, zones, isForeign }] of differing) {
      if (seen.get(key) !== this.#looks) continue;
      const { generation, hash, tz } = own;
      if (isForeign) {
        const { id: other, generation: otherGeneration, hash: otherHash } = peer;
        this.#events.emit("namespace.shared", { generation, hash, other, otherGeneration, otherHash });
        continue;
      }
      this.#events.emit("config.differs", {
        generation,
        hash,
        other: peer.id,
        otherHash: peer.hash,
        ...(zones.length > 0 && { zones, tz, otherTz: peer.tz }),
      });
    }
  }
}

interface Difference {
  readonly peer: PeerConfig;
  readonly zones: readonly string[];
  /** It carries a higher generation, and no job of this replica's. */
  readonly isForeign: boolean;
}

function keyOf({ peer, zones, isForeign }: Difference): string {
  return isForeign ? `foreign ${peer.generation} ${peer.hash}` : `${peer.hash} ${zones.join(" ")}`;
}

function differenceTo(own: PeerConfig, peer: PeerConfig): Difference | null {
  if (peer.generation < own.generation) return null;
  if (peer.generation > own.generation) {
    return isForeignTo(own.jobs, peer.jobs) ? { peer, zones: [], isForeign: true } : null;
  }
  const zones = differingZones(own, peer);
  return peer.hash === own.hash && zones.length === 0 ? null : { peer, zones, isForeign: false };
}

/** Nothing is known of a set without marks: it is of an older release, or empty. */
function isForeignTo(own: readonly string[], other: readonly string[]): boolean {
  return own.length > 0 && other.length > 0 && !own.some(mark => other.includes(mark));
}

/** The zones whose clocks the two replicas see differently, in a year that both have looked at. */
function differingZones(own: PeerConfig, peer: PeerConfig): string[] {
  const keys = Object.keys(own.zones).filter(key => (peer.zones[key] ?? own.zones[key]) !== own.zones[key]);
  return [...new Set(keys.map(key => key.replace(/ \d+$/, "")))].sort();
}
