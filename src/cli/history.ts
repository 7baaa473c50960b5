import { readHistory } from "../launch/history.ts";
import { EXIT, type Io } from "./io.ts";
import { findJob, loadProject, type ProjectOptions } from "./project.ts";
import { withRedis } from "./redis-session.ts";
import { renderTable } from "./table.ts";

export interface HistoryOptions extends ProjectOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Shows a job's last ticks, newest first: what was decided about them, and how their runs ended. */
export async function history(jobName: string, options: HistoryOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, jobName);
  const rows = await withRedis(config, (redis, keys) => readHistory(redis, keys, job.name, options.limit));
  if (options.json) {
    io.out(`${JSON.stringify(rows, null, 2)}\n`);
  } else if (rows.length === 0) {
    io.out(`${job.name} has no history yet\n`);
  } else {
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
    const cells = rows.map(row => [
      row.count === undefined ? row.tick : `${row.tick} (and ${row.count - 1} before)`,
      row.outcome,
      row.kind,
      String(row.term),
      `${row.lateMs} ms`,
      row.result ?? "",
      row.attempts === undefined ? "" : String(row.attempts),
      row.durationMs === undefined ? "" : `${row.durationMs} ms`,
      row.replica ?? "",
      [row.reason, row.blockedBy && `blocked by ${row.blockedBy}`, row.error].filter(Boolean).join("; "),
    ]);
    io.out(renderTable(head, cells));
  }
  return EXIT.done;
}
