import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Cluster } from "../client/cluster.ts";
import { digestOf, packed, unpacked } from "../client/request-memory.ts";
import { BellwetherError } from "../errors.ts";
import { REQUEST_KEPT_MS } from "../launch/requests.ts";
import { storedJson } from "../redis/stored-value.ts";

/** A replica that died while it carried a request out blocks the key for this long. */
const RUNNING_MS = 60_000;
const MAX_ATTEMPTS = 3;

const mark = z.object({
  print: z.string(),
  what: z.string(),
  isRunning: z.boolean(),
  /** Who carries it out. An older release wrote none. */
  claim: z.string().optional(),
  /** What was answered (request-memory.ts); missing where it was refused, or too large to be kept. */
  answer: z.string().optional(),
});
type Mark = z.infer<typeof mark>;

export interface KeyedRequest {
  /** The Idempotency-Key. */
  readonly key: string;
  /** Method and path, and whose request it is. */
  readonly what: string;
  readonly body: unknown;
}

/**
 * Carries a request out that has an Idempotency-Key, and keeps its answer for a day: the same request gets the same answer. What
 * was refused is tried again. What is kept also finds out another request with the same key (BW_REQUEST_REUSED), and one that is
 * being carried out (BW_REQUEST_RUNNING).
 *
 * Where the answer was not kept, as that of a replica that died, the request is carried out again. The key is also the request id
 * that the scripts in Redis remember for a day (requests.ts), so what it has done by then is not done twice.
 */
export async function onceByKey<T>(
  cluster: Cluster,
  request: KeyedRequest,
  act: () => Promise<T>,
): Promise<T> {
  const key = cluster.keys.idempotency(digestOf(request.key));
  const { what } = request;
  const own = { print: digestOf(JSON.stringify([what, request.body ?? null])), what };
  const found = await claim(cluster, request, key, { ...own, isRunning: true, claim: randomUUID() });
  if (found?.answer !== undefined) return JSON.parse(await unpacked(found.answer));
  let answer: string | null = null;
  try {
    const result = await act();
    answer = await packed(JSON.stringify(result));
    return result;
  } finally {
    const done: Mark = { ...own, isRunning: false, ...(answer !== null && { answer }) };
    // A lost write is made up for by the end of the claim; the scripts remember the answer.
    await cluster
      .act({}, ({ redis }) => redis.set(key, JSON.stringify(done), "PX", REQUEST_KEPT_MS))
      .catch(() => undefined);
  }
}

/** Null: the request is the caller's to carry out. Else what is kept of an earlier one. */
async function claim(
  cluster: Cluster,
  { key: id, what }: KeyedRequest,
  key: string,
  own: Mark,
): Promise<Mark | null> {
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    const stored = await cluster.act({}, async ({ redis }) => {
      const isMine = (await redis.set(key, JSON.stringify(own), "PX", RUNNING_MS, "NX")) !== null;
      return isMine ? null : ((await redis.get(key)) ?? "");
    });
    if (stored === null) return null;
    const found = storedJson(stored, mark);
    // It expired in between.
    if (found === null) continue;
    if (found.print !== own.print)
      throw new BellwetherError("BW_REQUEST_REUSED", { id, before: found.what, now: what });
    // The answer to the claim was lost, and it was made again.
    if (found.claim === own.claim) return null;
    if (!found.isRunning) return found;
    break;
  }
  throw new BellwetherError("BW_REQUEST_RUNNING", { id });
}
