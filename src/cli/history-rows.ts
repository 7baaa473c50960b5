import type { HistoryRow } from "../launch/read-history.ts";

/** The rows of a history that is followed: each once, and again when its run has ended. */
export class FollowedRows {
  /** By row, the result that was shown. */
  #shown: ReadonlyMap<string, string> = new Map();

  /** Of the newest rows, newest first, those that have not been shown in this form; oldest first. */
  take(newest: readonly HistoryRow[]): readonly HistoryRow[] {
    const isNew = (row: HistoryRow) => this.#shown.get(keyOf(row)) !== (row.result ?? "");
    const rows = newest.filter(isNew).toReversed();
    // Older ones do not come back.
    this.#shown = new Map(newest.map(row => [keyOf(row), row.result ?? ""]));
    return rows;
  }
}

function keyOf({ tick, outcome, kind, run = "", by = "" }: HistoryRow): string {
  return [tick, outcome, kind, run, by].join(" ");
}
