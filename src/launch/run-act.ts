import { Job as BullJob, type Queue } from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";
import { RedisQueueBackend } from "../bullmq.ts";
import { BellwetherError } from "../errors.ts";
import { reasonText } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { readTimeMs } from "../redis/time.ts";
import { AUDIT_ENTRIES, HISTORY_CEILING } from "./history.ts";
import { openQueue } from "./open-queues.ts";
import type { QueuePlace } from "./queue-place.ts";
import { givenAnswerOf, REQUEST_KEPT_MS, REQUEST_LUA, type Request } from "./requests.ts";
import { type RunState, readRunState } from "./run-look.ts";
import {
  beginTransaction,
  execTransaction,
  failureOf,
  onOneConnection,
  type RunTransaction,
} from "./run-transaction.ts";

const RECORD = new Script(z.unknown(), REQUEST_LUA, new URL("./run-act.lua", import.meta.url));

/** The run begins or ends meanwhile, every time: then the next look finds its new state. */
const MAX_ATTEMPTS = 10;

export interface RunAct {
  readonly act: "retry" | "cancel";
  readonly job: string;
  readonly place: QueuePlace;
  readonly run: string;
  readonly by: string;
  readonly requestId: string;
}

/** Nothing was changed unless the outcome is `done`. */
export type RunActOutcome =
  | { readonly outcome: "done" }
  /** BullMQ does not have the run. */
  | { readonly outcome: "unknown" }
  /** It has not failed, or does not wait. */
  | { readonly outcome: "other state"; readonly state: RunState };

/** The states in which it can be done. */
const FROM: Readonly<Record<RunAct["act"], readonly RunState[]>> = {
  retry: ["failed"],
  cancel: ["waiting", "delayed"],
};
const DONE = { retry: "retried", cancel: "cancelled" } as const;

/**
 * Puts a failed run back into its queue, or removes one that waits in it. BullMQ's own scripts do it, in a transaction that
 * ends with the record, the audit and the answer. The transaction watches the request and the run, so it is void when a worker
 * takes the run meanwhile, and when it arrives late, from a connection that was given up.
 *
 * `redis` must be a connection that never resends, on which nothing else uses WATCH meanwhile. After a rejection with
 * BW_RUN_REFUSED nothing was changed. After any other rejection the outcome is unknown: call it again with the same request id.
 */
export async function actOnRun(redis: Redis, keys: RedisKeys, act: RunAct): Promise<RunActOutcome> {
  const queue = await openQueue(act.place, redis, { skipMetasUpdate: true });
  try {
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      const outcome = await onOneConnection(redis, check => attempt({ redis, keys, queue }, act, check));
      if (outcome !== null) return outcome;
    }
    throw refusal(act, "it changed each time it was tried");
  } finally {
    await queue.close();
  }
}

interface Parts {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queue: Queue;
}

/** Null when a watched key had changed: nothing was done. */
async function attempt(
  parts: Parts,
  act: RunAct,
  checkConnection: () => void,
): Promise<RunActOutcome | null> {
  const { redis, keys, queue } = parts;
  const { run, place } = act;
  const request: Request = { id: act.requestId, action: `${act.act} ${run}`, job: act.job };
  const [, stored, state, name] = await Promise.all([
    redis.watch(keys.request(request.id), queue.toKey(run)),
    redis.get(keys.request(request.id)),
    readRunState(redis, place, run),
    redis.hget(queue.toKey(run), "name"),
  ]);
  if (stored !== null || name === null || !FROM[act.act].includes(state)) {
    await redis.unwatch();
    if (stored !== null) givenAnswerOf(request, stored);
    if (stored !== null) return { outcome: "done" };
    return name === null ? { outcome: "unknown" } : { outcome: "other state", state };
  }
  const send = await seal(parts, act, request);
  checkConnection();
  return await send();
}

/** Queues everything. What it resolves with sends it in one write. */
async function seal({ redis, keys, queue }: Parts, act: RunAct, request: Request) {
  const { job, run, by } = act;
  const nowMs = await readTimeMs(redis);
  const bullJob = await BullJob.fromId(queue, run);
  const transaction = beginTransaction(redis);
  await queueAct(queue, transaction, act, bullJob);
  RECORD.queue(
    transaction,
    [keys.history(job), keys.audit, keys.request(request.id), queue.toKey(run), queue.toKey("failed")],
    [
      ...[HISTORY_CEILING, AUDIT_ENTRIES, REQUEST_KEPT_MS, nowMs, by, job, run, act.act, request.action],
      ...[reasonText({ code: "cancelled", by }), "cancelled"],
    ],
  );
  return async (): Promise<RunActOutcome | null> => {
    const replies = await execTransaction(transaction, why => refusal(act, why.message));
    if (replies === null) return null;
    if (replies.at(-1)?.[1] === 1) return { outcome: "done" };
    throw refusal(act, failureOf(replies)?.message ?? "BullMQ did not carry it out");
  };
}

/** BullMQ's own call, whose script goes into the transaction instead of over the connection. */
async function queueAct(
  queue: Queue,
  transaction: RunTransaction,
  { act, run }: RunAct,
  bullJob: BullJob | undefined,
): Promise<void> {
  const backend = queue.getBackend();
  if (!(backend instanceof RedisQueueBackend) || bullJob === undefined) {
    throw new BellwetherError("BW_BUG", { rule: "a queue on Redis has BullMQ's backend for Redis" });
  }
  const execCommand = backend.execCommand.bind(backend);
  backend.execCommand = (_, script, args) => {
    execCommand(transaction, script, args);
    // What BullMQ takes for success; the last command of the transaction sees what has become of the run.
    return 1;
  };
  try {
    if (act === "retry") await backend.retryFinishedJob(bullJob, "failed", { resetAttemptsMade: true });
    else await backend.remove(run, false);
  } finally {
    backend.execCommand = execCommand;
  }
}

function refusal({ act, run }: RunAct, why: string) {
  return new BellwetherError("BW_RUN_REFUSED", { run, what: DONE[act], why });
}
