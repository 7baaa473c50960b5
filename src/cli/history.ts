import type { Command } from "commander";
import { readJobHistory } from "../client/records.ts";
import type { HistoryRow } from "../launch/read-history.ts";
import { withReadCluster } from "./cluster-session.ts";
import { type Does, positive, projectOptions } from "./command.ts";
import { EXIT, type Io } from "./io.ts";
import type { ProjectOptions } from "./project.ts";
import { renderTable } from "./table.ts";

interface HistoryOptions extends ProjectOptions {
  readonly limit: number;
  readonly json?: boolean;
}

export function declareCommand(command: Command, does: Does): void {
  projectOptions(command)
    .argument("<job>")
    .option("--limit <n>", "how many ticks", positive, 20)
    .option("--json", "print JSON")
    .action(does(history));
}

/** Shows a job's last ticks, newest first: what was decided about them, and how their runs ended. */
async function history(job: string, options: HistoryOptions, io: Io): Promise<number> {
  const rows = await withReadCluster(options, io, cluster => readJobHistory(cluster, job, options.limit));
  if (options.json) io.out(`${JSON.stringify(rows, null, 2)}\n`);
  else io.out(rows.length === 0 ? `${job} has no history yet\n` : renderHistory(rows));
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
