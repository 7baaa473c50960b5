import type { Redis } from "ioredis";
import { ConfigAlarm, jobMarks, type PeerConfig } from "../alarm/config-alarm.ts";
import type { StuckRun } from "../alarm/stuck-alarm.ts";
import type { Clock } from "../clock/clock.ts";
import { type BellwetherError, isBellwetherError } from "../errors.ts";
import type { Role } from "../event-map.ts";
import type { Events } from "../events.ts";
import { checkFormat, raiseFormat } from "../redis/format.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Heartbeat, type ReplicaRecord } from "../redis/replica-registry.ts";
import type { Carried, Part } from "./part.ts";

/** How many stuck runs a replica's record names, for `status`. */
const STUCK_SHOWN = 20;

export interface MembershipOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly events: Events;
  /** The replica's id. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** The newest format of the data in Redis that it understands. */
  readonly format: number;
  readonly carried: Carried;
  /** Called when all others were upgraded to a format that this replica does not understand. */
  readonly onFailure: (error: BellwetherError) => void;
}

/** The place of a replica among the others: it announces itself, compares configurations and agrees on the format. */
export class Membership implements Part {
  readonly #options: MembershipOptions;
  readonly #alarm: ConfigAlarm;
  readonly #heartbeat: Heartbeat;
  #own: PeerConfig;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { redis, keys, clock, events, id, roles, format, carried } = options;
    this.#alarm = new ConfigAlarm(events);
    this.#own = configOf(id, carried);
    const startedAt = new Date(clock.nowMs()).toISOString();
    this.#heartbeat = new Heartbeat({
      redis,
      keys,
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
    const { redis, keys, format, onFailure } = this.#options;
    this.#alarm.check(this.#own, records);
    await raiseFormat(redis, keys, format, records);
    await checkFormat(redis, keys, format).catch((error: unknown) => {
      if (isBellwetherError(error, "BW_FORMAT_NEWER")) onFailure(error);
    });
  }
}

function configOf(id: string, { config, zones }: Carried): PeerConfig {
  const { generation, hash, jobs } = config;
  return { id, generation, hash, ...zones, jobs: jobMarks(jobs.map(({ name }) => name)) };
}
