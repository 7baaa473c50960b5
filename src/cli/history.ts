import { readJobHistory } from "../client/records.ts";
import { printable } from "../config/document/describe.ts";
import { HISTORY_ENTRIES } from "../launch/history.ts";
import type { HistoryRow } from "../launch/read-history.ts";
import { type ClusterOptions, either, withReadCluster } from "./cluster-session.ts";
import { follow } from "./follow.ts";
import { FollowedRows } from "./history-rows.ts";
import { EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { renderTable } from "./table.ts";

interface HistoryOptions extends ClusterOptions {
  readonly limit: number;
  readonly json?: boolean;
  readonly follow?: boolean;
}

/** Shows a job's last ticks, newest first: what was decided about them, and how their runs ended. */
export async function history(job: string, options: HistoryOptions, io: Io): Promise<number> {
  if (options.follow) return await followHistory(job, options, io);
  const rows = await either(
    options,
    io,
    api => api.history(job, options.limit),
    () => withReadCluster(options, io, cluster => readJobHistory(cluster, job, options.limit)),
  );
  if (options.json) io.out(jsonText(rows, 2));
  else io.out(rows.length === 0 ? `${job} has no history yet\n` : renderHistory(rows));
  return EXIT.done;
}

/** Reads each second all that the history keeps: a backfill may bring as many rows together. */
function followHistory(job: string, { limit, ...options }: HistoryOptions, io: Io): Promise<number> {
  const followed = new FollowedRows();
  let isFirst = true;
  const show = (newest: readonly HistoryRow[]) => {
    // The counts of hours long past are no news.
    const rows = followed.take(newest.filter(({ outcome }) => outcome !== "folded"));
    for (const row of isFirst ? rows.slice(-limit) : rows) {
      io.out(options.json ? jsonText(row) : `${printable(lineOf(row))}\n`);
    }
    isFirst = false;
  };
  const most = Math.max(limit, HISTORY_ENTRIES);
  const followBy = async (read: () => Promise<readonly HistoryRow[]>) => {
    await follow(io, read, show);
    return EXIT.done;
  };
  return either(
    options,
    io,
    api => followBy(() => api.history(job, most)),
    () => withReadCluster(options, io, cluster => followBy(() => readJobHistory(cluster, job, most))),
  );
}

/** A row that is alone on its line, without a heading. */
function lineOf(row: HistoryRow): string {
  const [tick, outcome, kind, term, late, result, attempts, duration, replica, reason] = cellsOf(row);
  const told = [
    ...[tick, outcome, kind, term && `term ${term}`, late && `${late} late`],
    ...[result, attempts && `attempt ${attempts}`, duration, replica, reason],
  ];
  return told.filter(Boolean).join("  ");
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
  return renderTable(head, rows.map(cellsOf));
}

function cellsOf(row: HistoryRow): string[] {
  const isTick = row.run !== undefined || row.outcome === "skipped" || row.outcome === "missed";
  return [
    tickOf(row),
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
}

function tickOf({ tick, from, count, folded }: HistoryRow): string {
  if (folded !== undefined) return from === undefined ? `up to ${tick}` : `${from} (${count} in the hour)`;
  return count === undefined ? tick : `${tick} (and ${count - 1} before)`;
}

function reasonOf({ reason, blockedBy, error, by }: HistoryRow): string {
  return [reason, blockedBy && `blocked by ${blockedBy}`, error, by && `by ${by}`].filter(Boolean).join("; ");
}
