import { type AuditRow, type HistoryRow, readAudit, readHistory } from "../launch/read-history.ts";
import { checkedCount } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import { refuseUnknown } from "./refuse-unknown.ts";

/** The last `limit` ticks of a job, newest first. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function readJobHistory(
  cluster: Cluster,
  job: string,
  limit: number,
): Promise<readonly HistoryRow[]> {
  checkedCount("limit", limit);
  return await cluster.read(async (redis, keys) => {
    const rows = await readHistory(redis, keys, job, limit);
    if (rows.length === 0) await refuseUnknown(cluster, redis, keys, job);
    return rows;
  });
}

/** What operators did last, newest first. */
export async function readOperatorRecord(cluster: Cluster, limit: number): Promise<readonly AuditRow[]> {
  checkedCount("limit", limit);
  return await cluster.read((redis, keys) => readAudit(redis, keys, limit));
}
