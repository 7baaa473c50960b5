/** What probes and metrics ask of a replica where no event reports it. Each answer is at hand, but for the queues'. */
export interface ReplicaFacts {
  /** The names of the configuration's jobs, in its order. */
  jobs(): readonly string[];
  /** The term that is led, and until when it is trusted (monotonic); null when a leader's work has ended. */
  currentTerm(): { readonly term: number; readonly trustedUntilMs: number } | null;
  /** For how long this replica has known of no leader, from its start on; 0 while it knows one. */
  leaderAbsentMs(): number;
  /** How far this machine's clock is ahead of the store's; 0 until it was measured. */
  clockSkewMs(): number;
  /** Only the overdue jobs, and for how long. */
  overdueMs(): ReadonlyMap<string, number>;
  /** Launched runs that do not start, and for how long they have waited. */
  stuck(): readonly { readonly queue: string; readonly cause: string; readonly forMs: number }[];
  /** Asks Redis: by queue, whether it is paused in BullMQ. Rejects when it gives no answer. */
  pausedQueues(): Promise<ReadonlyMap<string, boolean>>;
  /** Lines of the log that could not be written, since the process started. */
  logLinesDropped(): number;
  /** Only the silenced jobs, and for how long they will be. */
  silencedMs(): ReadonlyMap<string, number>;
  /** Asks Redis: by queue, how many runs are in each state. Rejects when it gives no answer. */
  queueDepths(): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>>;
}
