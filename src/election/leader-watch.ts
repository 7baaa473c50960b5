import type { Redis } from "ioredis";
import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { Events } from "../events.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type AbsenceAlarm, cannotSee } from "./absence-alarm.ts";
import type { Leader } from "./election.ts";
import { readLeader, tellLeader } from "./leader-record.ts";
import { readTermList } from "./term-list.ts";

/** One small read a second; a term that was shorter is read from the list of terms. */
const LOOK_MS = 1_000;
/** Of terms that began and ended between two reads; more of them are no help in a log. */
const MISSED_LIMIT = 20;

export interface LeaderWatchOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly clock: Pick<Clock, "sleep">;
  readonly absence: AbsenceAlarm;
  /** Where it says whom this replica follows; null where the elector is going to. */
  readonly events: Events | null;
}

/**
 * Finds out by the leader's record whether there is a leader, for a replica that takes no part in the election. Such a
 * replica has no scheduler's role, or has not reached Redis yet. Otherwise no replica would notice a cluster without a
 * scheduler. Nothing is decided by it. The elector takes over where there is one.
 */
export class LeaderWatch {
  readonly #options: LeaderWatchOptions;
  readonly #task: PeriodicTask;
  #observed: { readonly term: number; readonly replica: string } | null = null;

  constructor(options: LeaderWatchOptions) {
    this.#options = options;
    this.#task = new PeriodicTask({ clock: options.clock, intervalMs: LOOK_MS, act: () => this.#look() });
  }

  start(): void {
    this.#task.start();
  }

  stop(): Promise<void> {
    return this.#task.stop();
  }

  async #look(): Promise<void> {
    const { redis, keys, absence, events } = this.#options;
    try {
      const leader = await readLeader(redis, keys);
      if (leader === null) {
        absence.check("no replica leads, by the record in Redis");
        return;
      }
      absence.clear();
      if (events !== null) await this.#observe(events, leader);
    } catch (error) {
      absence.check(cannotSee(error));
    }
  }

  async #observe(events: Events, leader: Leader): Promise<void> {
    const { term, replica } = leader;
    const last = this.#observed;
    if (last?.term === term && last.replica === replica) return;
    const missed = last && term > last.term + 1 ? await this.#readTerms(last.term, term) : [];
    for (const one of [...missed, leader]) events.emit("leader.observed", tellLeader(one));
    this.#observed = { term, replica };
  }

  /** The terms between two, oldest first. */
  async #readTerms(after: number, before: number): Promise<Leader[]> {
    const { redis, keys } = this.#options;
    const count = Math.min(before - after, MISSED_LIMIT);
    const terms = await readTermList(redis, keys, 0, count);
    return terms.filter(({ term }) => term > after && term < before).toSorted((a, b) => a.term - b.term);
  }
}
