import type { Events } from "../events.ts";

/** What another replica says of its configuration. */
export interface PeerConfig {
  readonly id: string;
  readonly generation: number;
  readonly hash: string;
  /** The version of its tz database. */
  readonly tz: string;
  /** By zone and year, a hash of what its clocks do. */
  readonly zones: Readonly<Record<string, string>>;
}

/** A change of the configuration reaches replicas one after the other: only what stands at so many looks is told. */
const LOOKS = 3;

/**
 * Warns when replicas of one generation carry different jobs, or different clock changes for the zones of the same jobs:
 * which of the two sets is led then depends on who leads.
 * Told once for each difference, again when it was gone in between.
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

  /** One look at the other replicas; they are made some seconds apart. */
  check(own: PeerConfig, peers: readonly PeerConfig[]): void {
    const differing = new Map<string, Difference>();
    for (const peer of peers) {
      const difference = peer.generation === own.generation ? differenceTo(own, peer) : null;
      const key = difference === null ? "" : `${peer.hash} ${difference.zones.join(" ")}`;
      if (difference !== null && !differing.has(key)) differing.set(key, difference);
    }
    const seen = new Map([...differing.keys()].map(key => [key, (this.#seen.get(key) ?? 0) + 1]));
    this.#seen = seen;
    for (const [key, { peer, zones }] of differing) {
      if (seen.get(key) !== this.#looks) continue;
      const { generation, hash, tz } = own;
      this.#events.emit("config.differs", {
        ...{ generation, hash, other: peer.id, otherHash: peer.hash },
        ...(zones.length > 0 && { zones, tz, otherTz: peer.tz }),
      });
    }
  }
}

interface Difference {
  readonly peer: PeerConfig;
  readonly zones: readonly string[];
}

function differenceTo(own: PeerConfig, peer: PeerConfig): Difference | null {
  const zones = differingZones(own, peer);
  return peer.hash === own.hash && zones.length === 0 ? null : { peer, zones };
}

/** The zones whose clocks the two replicas see differently, in a year that both have looked at. */
function differingZones(own: PeerConfig, peer: PeerConfig): string[] {
  const keys = Object.keys(own.zones).filter(key => (peer.zones[key] ?? own.zones[key]) !== own.zones[key]);
  return [...new Set(keys.map(key => key.replace(/ \d+$/, "")))].sort();
}
