import type { Redis } from "ioredis";
import { type AuditRow, readAudit } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { EXIT, type Io } from "./io.ts";
import { loadReadingProject, type ProjectOptions } from "./project.ts";
import { withRedis } from "./redis-session.ts";
import { renderTable } from "./table.ts";

export interface AuditOptions extends ProjectOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Shows what operators did to the cluster, newest first. */
export async function audit(options: AuditOptions, io: Io): Promise<number> {
  const { connection } = await loadReadingProject(options, io);
  const read = (redis: Redis, keys: RedisKeys) => readAudit(redis, keys, options.limit);
  const rows = await withRedis(connection, io, read, { mayBeReplica: true });
  if (options.json) io.out(`${JSON.stringify(rows, null, 2)}\n`);
  else io.out(rows.length === 0 ? "no operator has done anything yet\n" : renderAudit(rows));
  return EXIT.done;
}

function renderAudit(rows: readonly AuditRow[]): string {
  const cells = rows.map(({ at, action, job = "", by, run, ticks, reason }) => {
    const about = typeof ticks === "number" ? `${ticks} ticks` : (ticks?.join(", ") ?? run);
    return [at, action, job, by, [about, reason].filter(Boolean).join(": ")];
  });
  return renderTable(["AT", "ACTION", "JOB", "BY", ""], cells);
}
