import type { Redis } from "ioredis";
import { sleep } from "../clock/sleep.ts";
import { StoreClock } from "../clock/store-clock.ts";
import { Aborted, unlessAborted } from "../clock/unless-aborted.ts";
import { settlesWithin } from "../clock/within.ts";
import type { AbsenceAlarm } from "../election/absence-alarm.ts";
import { LeaderWatch } from "../election/leader-watch.ts";
import type { StartPhase } from "../event-map.ts";
import type { Events } from "../events.ts";
import { isConnectionLoss } from "../redis/connect.ts";
import { checkFormat } from "../redis/format.ts";
import { refusalOf } from "../redis/refusal.ts";
import { readTimeMs } from "../redis/time.ts";
import type { ReplicaStores } from "./replica-stores.ts";

const RETRY_MS = 200;
const CLEANUP_LIMIT_MS = 1_000;

/** What a replica has when Redis can be worked with. */
export interface ReachedRedis {
  /** The main connection. */
  readonly redis: Redis;
  /** Has been measured: a pod whose clock is off must not open a term by it. */
  readonly clock: StoreClock;
  /** Runs already: one that waits for Redis knows of no leader either. */
  readonly leaderWatch: LeaderWatch;
}

export interface ReachRedisOptions {
  readonly stores: ReplicaStores;
  readonly format: number;
  readonly absence: AbsenceAlarm;
  /** Where it says whom this replica follows; null where an elector is going to. */
  readonly events: Events | null;
  /** Called with how long each answer about the time took. */
  readonly onAnswer: (tookMs: number) => void;
  readonly onPhase: (phase: StartPhase) => void;
}

/**
 * Connects, and waits until Redis is usable, its data has a known format and its time is measured. Throws
 * BW_REDIS_TOO_OLD and BW_FORMAT_NEWER, and `Aborted` when `stopping` aborts.
 */
export async function reachRedis(options: ReachRedisOptions, stopping: AbortSignal): Promise<ReachedRedis> {
  const { stores, format, absence, events, onAnswer, onPhase } = options;
  onPhase("waiting for Redis");
  const redis = stores.connect("plain");
  const clock = new StoreClock({ readStoreTimeMs: () => readTimeMs(redis), onAnswer });
  const leaderWatch = new LeaderWatch({ redis, keys: stores.keys, clock, absence, events });
  leaderWatch.start();
  try {
    await unlessAborted(stores.watch.whenUsable(), stopping);
    await untilAnswered(
      () => checkFormat(redis, stores.keys, format),
      error => isConnectionLoss(error) || refusalOf(error) !== null,
      stopping,
    );
    onPhase("joining the others");
    await untilAnswered(
      () => clock.measure(),
      () => true,
      stopping,
    );
  } catch (error) {
    await settlesWithin(leaderWatch.stop(), CLEANUP_LIMIT_MS);
    throw error;
  }
  return { redis, clock, leaderWatch };
}

/** Asks Redis again and again, while it fails as `isPassing` says. */
async function untilAnswered(
  ask: () => Promise<unknown>,
  isPassing: (error: unknown) => boolean,
  stopping: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await unlessAborted(ask(), stopping);
      return;
    } catch (error) {
      if (error instanceof Aborted || !isPassing(error)) throw error;
      await sleep(RETRY_MS, stopping);
    }
  }
}
