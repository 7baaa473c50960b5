import type { BackendFactory, RedisQueueBackend } from "bullmq";
import { createRedisBackend } from "../bullmq.ts";

/** Where BullMQ's scripts that take the next run get the machine's time: behind their keys and one more argument. */
const NOW_AT: Readonly<Record<string, number>> = { moveToActive: 11 + 1, moveToFinished: 14 + 1 };
/** Where they answer when the next delayed run is due. */
const DUE_AT = 3;

/**
 * BullMQ's backend for a worker, but by the store's time. BullMQ uses the machine's clock to decide when a retry is due,
 * and which delayed runs are due. On a machine that is an hour ahead, a retry after 2 s would be due after an hour and 2 s.
 * A run that another machine delayed by an hour would be taken immediately.
 *
 * Redis holds the store's time; the instants for which BullMQ's worker waits are the machine's.
 *
 * @param skewMs How far this machine's clock is ahead of the store's time.
 */
export function storeTimeBackend(skewMs: () => number): BackendFactory<RedisQueueBackend> {
  const toStore = (atMs: number) => Math.round(atMs - skewMs());
  const toMachine = (atMs: number) => Math.round(atMs + skewMs());
  return (name, options, parts) => {
    const backend = createRedisBackend(name, options, parts);
    const moveToDelayed = backend.moveToDelayed.bind(backend);
    backend.moveToDelayed = (run, nowMs, ...rest) => moveToDelayed(run, toStore(nowMs), ...rest);

    const execCommand = backend.execCommand.bind(backend);
    backend.execCommand = async (client, script, args) => {
      const nowAt = NOW_AT[script];
      if (nowAt === undefined) return execCommand(client, script, args);
      const answer: unknown = await execCommand(client, script, args.with(nowAt, toStore(args[nowAt])));
      if (!Array.isArray(answer) || !(answer[DUE_AT] > 0)) return answer;
      return answer.with(DUE_AT, toMachine(Number(answer[DUE_AT])));
    };

    const waitForJob = backend.waitForJob.bind(backend);
    backend.waitForJob = async limit => {
      const marker = await waitForJob(limit);
      // A marker of 0 says that a run waits, any other when the next delayed run is due.
      return marker && marker.score > 0 ? { ...marker, score: toMachine(marker.score) } : marker;
    };
    return backend;
  };
}
