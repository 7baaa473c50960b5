import { ConfigAlarm, jobMarks, type PeerConfig } from "../alarm/config-alarm.ts";
import type { StuckRun } from "../alarm/stuck-alarm.ts";
import { isBellwetherError } from "../errors.ts";
import { checkFormat, raiseFormat } from "../redis/format.ts";
import { Heartbeat, type ReplicaRecord } from "../redis/replica-registry.ts";
import type { Carried, JoinedContext, Part } from "./replica-context.ts";

/** How many stuck runs a replica's record names, for `status`. */
const STUCK_SHOWN = 20;

/** The place of a replica among the others: it announces itself, compares configurations and agrees on the format. */
export class Membership implements Part {
  readonly #options: JoinedContext;
  readonly #alarm: ConfigAlarm;
  readonly #heartbeat: Heartbeat;
  #own: PeerConfig;

  constructor(options: JoinedContext) {
    this.#options = options;
    const { redis, stores, clock, events, id, roles, format, carried } = options;
    this.#alarm = new ConfigAlarm(events);
    this.#own = configOf(id, carried);
    const startedAt = new Date(clock.nowMs()).toISOString();
    this.#heartbeat = new Heartbeat({
      redis,
      keys: stores.keys,
      clock,
      record: { ...this.#own, roles, format, startedAt, stuck: [] },
      onReplicas: records => this.#look(records),
    });
  }

  start(): void {
    this.#heartbeat.start();
  }

  stop(): Promise<void> {
    return this.#heartbeat.stop();
  }

  carry(carried: Carried): void {
    this.#own = configOf(this.#options.id, carried);
    this.#heartbeat.update(this.#own);
  }

  showStuck(stuck: readonly StuckRun[]): void {
    this.#heartbeat.update({ stuck: stuck.slice(0, STUCK_SHOWN) });
  }

  async #look(records: readonly ReplicaRecord[]): Promise<void> {
    const { redis, stores, format, onFailure } = this.#options;
    this.#alarm.check(this.#own, records);
    await raiseFormat(redis, stores.keys, format, records);
    await checkFormat(redis, stores.keys, format).catch((error: unknown) => {
      if (isBellwetherError(error, "BW_FORMAT_NEWER")) onFailure(error);
    });
  }
}

function configOf(id: string, { config, zones }: Carried): PeerConfig {
  const { generation, hash, jobs } = config;
  return { id, generation, hash, ...zones, jobs: jobMarks(jobs.map(({ name }) => name)) };
}
