/** How a run ended for good: what its worker reports, and what the history records field by field. */
export interface RunResult {
  readonly job: string;
  readonly run: string;
  readonly result: "completed" | "failed";
  readonly attempts: number;
  /** Of the last attempt; 0 when no handler was called. */
  readonly durationMs: number;
  /** The one that made the last attempt. */
  readonly replica: string;
  readonly error?: string;
  /** A `Reason["code"]`, where it failed for another reason than its last attempt. */
  readonly reasonCode?: string;
}
