import { sleep } from "../clock/sleep.ts";
import { readLeader } from "../election/leader-record.ts";
import { BellwetherError } from "../errors.ts";
import type { RequestOptions } from "../operator/operator.ts";
import type { Acting, Cluster } from "./cluster.ts";

/** `stepdown --json`. */
export interface StepDownResult {
  /** The term whose leader was asked. */
  readonly steppedDown: number;
  /** Null where no other one has followed in time. */
  readonly leader: { readonly replica: string; readonly term: number } | null;
}

const LOOK_MS = 100;
/** Beyond the third of the lease that a leader who stepped down leaves to others. */
const WAIT_MS = 5_000;
/** Of a cluster whose configuration is not at hand: the default. */
const USUAL_LEASE_MS = 10_000;

/** For how long a step-down waits for the successor. */
export function successorLimitMs({ config }: Cluster): number {
  return (config?.election.leaseTtlMs ?? USUAL_LEASE_MS) / 3 + WAIT_MS;
}

/** Asks the leader to let another replica lead, and waits for the successor. Throws BW_NO_LEADER. */
export function stepDown(cluster: Cluster, request: RequestOptions = {}): Promise<StepDownResult> {
  // Kept when the command has to be sent again: a leader that was elected meanwhile is not meant.
  let asked: number | null = null;
  return cluster.act(request, async acting => {
    asked ??= await acting.operator.newestTerm();
    const answer = await acting.operator.stepDown({ requestId: acting.requestId, term: asked });
    if (answer.outcome === "no leader") throw new BellwetherError("BW_NO_LEADER", {});
    return { steppedDown: answer.term, leader: await successorOf(answer.term, cluster, acting) };
  });
}

/** The leader of a later term, or null when there is none in time. */
async function successorOf(
  term: number,
  cluster: Cluster,
  { redis }: Acting,
): Promise<StepDownResult["leader"]> {
  const limitMs = successorLimitMs(cluster);
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += LOOK_MS) {
    const leader = await readLeader(redis, cluster.keys);
    if (leader && leader.term > term) return { replica: leader.replica, term: leader.term };
    await sleep(LOOK_MS);
  }
  return null;
}
