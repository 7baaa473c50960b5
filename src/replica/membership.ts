import { ConfigAlarm, type PeerConfig } from "../alarm/config-alarm.ts";
import type { StuckRun } from "../alarm/stuck-alarm.ts";
import { isBellwetherError } from "../errors.ts";
import { raiseFormat, refuseNewer } from "../redis/format.ts";
import { Heartbeat, type Observed, type ReplicaRecord } from "../redis/replica-registry.ts";
import type { Carried } from "./carried.ts";
import type { JoinedContext, Part } from "./replica-context.ts";
import { SelfObservation } from "./self-observation.ts";

/** How many stuck runs a replica's record names, for `status`. */
const STUCK_SHOWN = 20;

/** The place of a replica among the others: it announces itself, compares configurations and agrees on the format. */
export class Membership implements Part {
  readonly #options: JoinedContext;
  readonly #alarm: ConfigAlarm;
  readonly #heartbeat: Heartbeat;
  readonly #self: SelfObservation;
  #own: PeerConfig;

  /** `running`: the runs whose handlers are at work. `onReplicas` is called with the ids of all that are there. */
  constructor(
    options: JoinedContext,
    running: () => Observed["running"],
    onReplicas: (ids: readonly string[]) => void,
  ) {
    this.#options = options;
    const { redis, stores, clock, events, id, roles, format, carried } = options;
    this.#self = new SelfObservation({
      running,
      events,
      skewMs: () => clock.skewMs(),
      nowMs: () => clock.nowMs(),
    });
    this.#alarm = new ConfigAlarm(events);
    this.#own = configOf(id, carried);
    const startedAt = new Date(clock.nowMs()).toISOString();
    this.#heartbeat = new Heartbeat({
      redis,
      keys: stores.keys,
      clock,
      record: { ...this.#own, roles, format, startedAt, stuck: [] },
      observe: () => this.#self.read(),
      onReplicas: (records, found) => {
        onReplicas(records.map(({ id }) => id));
        return this.#look(records, found);
      },
    });
  }

  start(): void {
    this.#heartbeat.start();
  }

  stop(): Promise<void> {
    this.#self.stop();
    return this.#heartbeat.stop();
  }

  carry(carried: Carried): void {
    this.#own = configOf(this.#options.id, carried);
    this.#heartbeat.update(this.#own);
  }

  /** Whether a replica with the role of a worker was there at the last heartbeat. Throws before the first one. */
  hasWorkers(): boolean {
    const { replicas } = this.#heartbeat;
    if (replicas.length === 0) throw new Error("no heartbeat has been answered yet");
    return replicas.some(({ roles }) => roles.includes("worker"));
  }

  showStuck(stuck: readonly StuckRun[]): void {
    this.#heartbeat.update({ stuck: stuck.slice(0, STUCK_SHOWN) });
  }

  async #look(records: readonly ReplicaRecord[], found: number): Promise<void> {
    const { redis, stores, format, onFailure } = this.#options;
    this.#alarm.check(this.#own, records);
    if (found < format) await raiseFormat(redis, stores.keys, format, records);
    try {
      refuseNewer(found, format);
    } catch (error) {
      if (isBellwetherError(error, "BW_FORMAT_NEWER")) onFailure(error);
    }
  }
}

function configOf(id: string, { config, zones, marks }: Carried): PeerConfig {
  const { generation, hash } = config;
  return { id, generation, hash, ...zones, jobs: marks };
}
