import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from "bullmq";

/**
 * BullMQ's backend for a worker, but runs that are retried or put back become due by the store's time. BullMQ writes that
 * time by the clock of the machine: on one that is an hour ahead a retry after 2 s would be due after an hour and 2 s.
 *
 * What it reads cannot be corrected: a worker takes delayed runs as soon as they are due by its own clock.
 *
 * @param skewMs How far this machine's clock is ahead of the store's time.
 */
export function storeTimeBackend(skewMs: () => number): BackendFactory<RedisQueueBackend> {
  return (name, options, parts) => {
    const backend = createRedisBackend(name, options, parts);
    const moveToDelayed = backend.moveToDelayed.bind(backend);
    backend.moveToDelayed = (run, nowMs, ...rest) =>
      moveToDelayed(run, Math.round(nowMs - skewMs()), ...rest);
    return backend;
  };
}
