import { within } from "../clock/within.ts";
import { type Instruments, type Series, seconds } from "./instruments.ts";
import type { JobLabels } from "./job-labels.ts";

/** A scrape waits no longer for Redis than this; what has no answer by then is left out of it. */
const QUEUE_LIMIT_MS = 1_000;

/** What probes and metrics read of a replica where no event reports it. */
export interface ObservedReplica {
  /** The configuration that it runs with. */
  readonly config: () => { readonly jobs: readonly { readonly name: string }[]; readonly queues: object };
  /** For how long it has known of no leader, from its start on; 0 while it knows one. */
  readonly absence: { readonly forMs: number };
  /** Lines that could not be written, since the process started. */
  readonly log: { readonly dropped: number };
  /** Null until it has joined the others. */
  readonly running: () => ObservedParts | null;
}

/** Each answer is at hand, but for those of the queues: they ask Redis, and reject when it gives no answer. */
export interface ObservedParts {
  /** The term that is led, and until when it is trusted (monotonic); null when a leader's work has ended. */
  readonly currentTerm: () => { readonly term: number; readonly trustedUntilMs: number } | null;
  /** How far this machine's clock is ahead of the store's. */
  readonly clock: { skewMs(): number };
  /** Only the overdue and the silenced jobs: for how long they have been, and will be. */
  readonly overdueAlarm: {
    overdueMs(): ReadonlyMap<string, number>;
    silencedMs(): ReadonlyMap<string, number>;
  };
  /** Launched runs that do not start, and for how long they have waited; and the queues that are paused in BullMQ. */
  readonly stuckAlarm: {
    stuckMs(): readonly { readonly queue: string; readonly cause: string; readonly forMs: number }[];
    pausedQueues(): readonly string[];
  };
  /** By queue: how many runs are in each state, and whether it is paused in BullMQ. */
  readonly queueDepths: {
    read(queues: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>>;
    readPaused(queues: readonly string[]): Promise<ReadonlyMap<string, boolean>>;
  };
  /** What all histories take, as the leader has found it; null before that. */
  readonly readHistoryUse: () => Promise<HistoryShown | null>;
}

export interface HistoryShown {
  readonly bytes: number;
  readonly entries: number;
  readonly budgetBytes: number | null;
}

/** What no event reports, read when a client asks for it. */
export function scrapeMetrics(make: Instruments, labels: JobLabels, replica: ObservedReplica): void {
  const { running } = replica;
  const queues = () => Object.keys(replica.config().queues);
  make.reading(
    "clock_skew_seconds",
    "How far this machine's clock is ahead of the store's",
    () => (running()?.clock.skewMs() ?? 0) / 1_000,
  );
  make.reading("leader_absent_seconds", "For how long this replica has known of no leader", () =>
    seconds(replica.absence.forMs),
  );
  make.count(
    "log_lines_dropped_total",
    "Lines of the log that could not be written, because its disk was full or its reader did not keep up",
    () => replica.log.dropped,
  );
  make.readings(
    "job_overdue_seconds",
    "For how long a tick of the job has been undecided although it was due; 0 when none is",
    ["job"],
    () => longest(labels, running()?.overdueAlarm.overdueMs()),
  );
  make.readings(
    "job_silenced_seconds",
    "For how long the job will launch nothing, because ticks of the future count as decided; 0 when it is not so",
    ["job"],
    () => longest(labels, running()?.overdueAlarm.silencedMs()),
  );
  make.readings(
    "run_stuck_seconds",
    "For how long the longest waiting stuck run of the queue has not been started, by cause",
    ["queue", "cause"],
    () =>
      (running()?.stuckAlarm.stuckMs() ?? [])
        .toSorted((a, b) => a.forMs - b.forMs)
        .map(({ queue, cause, forMs }) => [{ queue, cause }, seconds(forMs)]),
  );
  make.readings(
    "queue_paused",
    "1 while the queue is paused in BullMQ, otherwise 0; the same on every replica",
    ["queue"],
    async () => {
      const paused = await answerOf(running()?.queueDepths.readPaused(queues()));
      return [...(paused ?? [])].map(([queue, isPaused]) => [{ queue }, isPaused ? 1 : 0]);
    },
  );
  const ofHistory = (read: (use: HistoryShown) => number | null) => async (): Promise<Series<never>[]> => {
    const use = await answerOf(running()?.readHistoryUse());
    const value = use && read(use);
    return value === null ? [] : [[{}, value]];
  };
  make.readings(
    "history_bytes",
    "What the histories of all jobs take in Redis, by the leader's last measurement; the same on every replica",
    [],
    ofHistory(({ bytes }) => bytes),
  );
  make.readings(
    "history_budget_bytes",
    "What they may take (history.memory), by the leader's configuration; none without a limit",
    [],
    ofHistory(({ budgetBytes }) => budgetBytes),
  );
  make.readings(
    "history_entries",
    "How many entries the histories of all jobs have; a launched tick mostly has two",
    [],
    ofHistory(({ entries }) => entries),
  );
  make.readings(
    "queue_depth",
    "Runs in the queue, by state; the same on every replica",
    ["queue", "state"],
    async () => {
      const depths = await answerOf(running()?.queueDepths.read(queues()));
      return [...(depths ?? [])].flatMap(([queue, states]) =>
        Object.entries(states).map(([state, count]): Series<"queue" | "state"> => [{ queue, state }, count]),
      );
    },
  );
}

/** For each label the longest of its jobs, in seconds. */
function longest(labels: JobLabels, jobsMs: ReadonlyMap<string, number> = new Map()): Series<"job">[] {
  const found = new Map([...labels.all()].map(label => [label, 0]));
  for (const [job, ms] of jobsMs) {
    const label = labels.of(job);
    found.set(label, Math.max(found.get(label) ?? 0, seconds(ms)));
  }
  return [...found].map(([job, value]) => [{ job }, value]);
}

/** Null when Redis was not asked, fails or takes longer than a scrape waits. */
async function answerOf<T>(asked: Promise<T> | undefined): Promise<T | null> {
  return asked === undefined ? null : await within(asked, QUEUE_LIMIT_MS, null).catch(() => null);
}
