import type { Redis } from "ioredis";
import { type HistoryRow, readHistory } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { EXIT, type Io } from "./io.ts";
import { loadReadingProject, type ProjectOptions, refuseName } from "./project.ts";
import { withRedis } from "./redis-session.ts";
import { renderTable } from "./table.ts";

export interface HistoryOptions extends ProjectOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Shows a job's last ticks, newest first: what was decided about them, and how their runs ended. */
export async function history(jobName: string, options: HistoryOptions, io: Io): Promise<number> {
  const { connection, config } = await loadReadingProject(options, io);
  const local = config?.jobs.map(job => job.name) ?? [];
  const read = async (redis: Redis, keys: RedisKeys) => {
    const rows = await readHistory(redis, keys, jobName, options.limit);
    // The history of a job that was removed, or retired since, is there under its name.
    if (rows.length > 0 || local.includes(jobName)) return rows;
    const stored = await redis.hkeys(keys.definitions);
    if (!stored.includes(jobName)) refuseName(jobName, [...new Set([...local, ...stored])]);
    return rows;
  };
  const rows = await withRedis(connection, io, read, { mayBeReplica: true });
  if (options.json) io.out(`${JSON.stringify(rows, null, 2)}\n`);
  else io.out(rows.length === 0 ? `${jobName} has no history yet\n` : renderHistory(rows));
  return EXIT.done;
}

function renderHistory(rows: readonly HistoryRow[]): string {
  const head = [
    "TICK",
    "OUTCOME",
    "KIND",
    "TERM",
    "LATE",
    "RESULT",
    "ATTEMPTS",
    "DURATION",
    "REPLICA",
    "REASON",
  ];
  const cells = rows.map(row => {
    const isTick = row.run !== undefined || row.outcome === "skipped" || row.outcome === "missed";
    return [
      row.count === undefined ? row.tick : `${row.tick} (and ${row.count - 1} before)`,
      row.outcome,
      isTick ? row.kind : "",
      isTick ? String(row.term) : "",
      isTick ? `${row.lateMs} ms` : "",
      row.result ?? "",
      row.attempts === undefined ? "" : String(row.attempts),
      row.durationMs === undefined ? "" : `${row.durationMs} ms`,
      row.replica ?? "",
      reasonOf(row),
    ];
  });
  return renderTable(head, cells);
}

function reasonOf({ reason, blockedBy, error, by }: HistoryRow): string {
  return [reason, blockedBy && `blocked by ${blockedBy}`, error, by && `by ${by}`].filter(Boolean).join("; ");
}
