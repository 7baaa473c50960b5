import type { Events } from "../events.ts";

/** What another replica says of its configuration. */
export interface PeerConfig {
  readonly id: string;
  readonly generation: number;
  readonly hash: string;
}

/**
 * Warns when replicas of one generation carry different jobs: which of the two sets is led then depends on who leads.
 * Told once for each difference, again when it was gone in between.
 */
export class ConfigAlarm {
  readonly #events: Events;
  #told: ReadonlySet<string> = new Set();

  constructor(events: Events) {
    this.#events = events;
  }

  check(own: PeerConfig, peers: readonly PeerConfig[]): void {
    const differing = peers.filter(peer => peer.generation === own.generation && peer.hash !== own.hash);
    const standing = new Set(differing.map(peer => peer.hash));
    for (const peer of differing) {
      if (this.#told.has(peer.hash)) continue;
      this.#told = new Set([...this.#told, peer.hash]);
      this.#events.emit("config.differs", {
        ...{ generation: own.generation, hash: own.hash },
        ...{ other: peer.id, otherHash: peer.hash },
      });
    }
    this.#told = standing;
  }
}
