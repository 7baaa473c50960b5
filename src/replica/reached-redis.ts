import { sleep } from "../clock/sleep.ts";
import { StoreClock } from "../clock/store-clock.ts";
import { Aborted, unlessAborted } from "../clock/unless-aborted.ts";
import { settlesWithin } from "../clock/within.ts";
import { LeaderWatch } from "../election/leader-watch.ts";
import type { StartPhase } from "../event-map.ts";
import { isConnectionLoss } from "../redis/connect.ts";
import { checkFormat } from "../redis/format.ts";
import { refusalOf } from "../redis/refusal.ts";
import { readTimeMs } from "../redis/time.ts";
import type { ReachedRedis, ReplicaContext } from "./replica-context.ts";

const RETRY_MS = 200;
const CLEANUP_LIMIT_MS = 1_000;

/**
 * Connects, and waits until Redis is usable, its data has a known format and its time is measured. Throws
 * BW_REDIS_TOO_OLD and BW_FORMAT_NEWER, and `Aborted` when the replica is stopped.
 */
export async function reachRedis(
  { stores, format, absence, events, roles, stopping, onAnswer }: ReplicaContext,
  onPhase: (phase: StartPhase) => void,
): Promise<ReachedRedis> {
  onPhase("waiting for Redis");
  const redis = stores.connectIdle("plain", "plain");
  const clock = new StoreClock({
    readStoreTimeMs: () => readTimeMs(redis),
    onAnswer: tookMs => onAnswer("redis", tookMs),
  });
  const leaderWatch = new LeaderWatch({
    redis,
    keys: stores.keys,
    clock,
    absence,
    // The elector reports whom a scheduler follows.
    events: roles.includes("scheduler") ? null : events,
  });
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
