import type { Events } from "../events.ts";

/** What another replica says of its configuration. */
export interface PeerConfig {
  readonly id: string;
  readonly generation: number;
  readonly hash: string;
}

/** A change of the configuration reaches replicas one after the other: only what stands at so many looks is told. */
const LOOKS = 3;

/**
 * Warns when replicas of one generation carry different jobs: which of the two sets is led then depends on who leads.
 * Told once for each difference, again when it was gone in between.
 */
export class ConfigAlarm {
  readonly #events: Events;
  readonly #looks: number;
  /** By the hash that differs, how often it was there in a row. */
  #seen: ReadonlyMap<string, number> = new Map();

  constructor(events: Events, looks: number = LOOKS) {
    this.#events = events;
    this.#looks = looks;
  }

  /** One look at the other replicas; they are made some seconds apart. */
  check(own: PeerConfig, peers: readonly PeerConfig[]): void {
    const differing = new Map<string, PeerConfig>();
    for (const peer of peers) {
      const isOther = peer.generation === own.generation && peer.hash !== own.hash;
      if (isOther && !differing.has(peer.hash)) differing.set(peer.hash, peer);
    }
    const seen = new Map([...differing.keys()].map(hash => [hash, (this.#seen.get(hash) ?? 0) + 1]));
    this.#seen = seen;
    for (const [otherHash, peer] of differing) {
      if (seen.get(otherHash) !== this.#looks) continue;
      const { generation, hash } = own;
      this.#events.emit("config.differs", { generation, hash, other: peer.id, otherHash });
    }
  }
}
