import type { ReplicaRecord } from "../redis/replica-registry.ts";
import { readSeenReplicas } from "../redis/replica-registry.ts";
import type { Cluster } from "./cluster.ts";
import { isoOf } from "./iso.ts";
import { readReplicaStatus, type Status } from "./status.ts";

/** A replica as it describes itself every 5 seconds. Times are ISO 8601 in UTC; null where it has not said so. */
export type ReplicaInfo = Status["replicas"][number] & {
  /** Of Bellwether. */
  readonly version: string | null;
  /** How far the clock of its machine is ahead of Redis's. */
  readonly clockSkewMs: number | null;
  /** The runs whose handlers are at work, the longest first; at most 20. */
  readonly running: readonly { readonly run: string; readonly job: string; readonly since: string }[];
  /** How many those are. */
  readonly runningCount: number | null;
  readonly load: {
    /** The 99th percentile of how late its event loop was, since the last description. */
    readonly eventLoopDelayMs: number | null;
    readonly rssBytes: number | null;
  };
  readonly seenAt: string;
};

/** The replicas that have been seen within the last 15 seconds, by id. */
export async function readReplicaInfos(cluster: Cluster): Promise<readonly ReplicaInfo[]> {
  const [{ replicas }, seen] = await cluster.read((redis, keys) =>
    Promise.all([readReplicaStatus(cluster, redis, keys), readSeenReplicas(redis, keys)]),
  );
  const records = new Map(seen.map(one => [one.record.id, one]));
  return replicas.flatMap(replica => {
    const found = records.get(replica.id);
    return found ? [{ ...replica, ...detailsOf(found.record), seenAt: isoOf(found.seenAtMs) }] : [];
  });
}

function detailsOf({ version, clockSkewMs, running, runningCount, load }: ReplicaRecord) {
  return {
    version,
    clockSkewMs,
    running: running.map(({ run, job, sinceMs }) => ({ run, job, since: isoOf(sinceMs) })),
    runningCount,
    load,
  };
}
