import { type AuditRow, auditRowOf } from "../launch/read-history.ts";
import { checkedCount, checkedEntryId } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import type { Page } from "./terms.ts";

export interface AuditOptions {
  /** At most this many; 20 by default. A page may have fewer and still have a `next`. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

const LIMIT = 20;

/** What operators did, newest first. Throws BW_ARGUMENT_INVALID. */
export async function readAuditPage(
  cluster: Cluster,
  { limit = LIMIT, cursor }: AuditOptions,
): Promise<Page<AuditRow>> {
  checkedCount("limit", limit);
  checkedEntryId("cursor", cursor);
  const end = cursor === undefined ? "+" : `(${cursor}`;
  const entries = await cluster.read((redis, keys) => redis.xrevrange(keys.audit, end, "-", "COUNT", limit));
  return {
    items: entries.flatMap(([, flat]) => auditRowOf(flat) ?? []),
    next: entries.length < limit ? null : (entries.at(-1)?.[0] ?? null),
  };
}
