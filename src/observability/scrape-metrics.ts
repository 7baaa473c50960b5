import { settlesWithin } from "../clock/settles-within.ts";
import { type Instruments, seconds } from "./instruments.ts";
import type { JobLabels } from "./job-labels.ts";
import type { ReplicaFacts } from "./replica-facts.ts";

/** A scrape waits no longer for Redis than this; what has no answer by then is left out of it. */
const QUEUE_LIMIT_MS = 1_000;

/** What no event reports, read when a client asks for it. */
export function scrapeMetrics(make: Instruments, labels: JobLabels, facts: ReplicaFacts): void {
  make.reading("clock_skew_seconds", "How far this machine's clock is ahead of the store's", gauge =>
    gauge.set(facts.clockSkewMs() / 1_000),
  );
  make.reading("leader_absent_seconds", "For how long this replica has known of no leader", gauge =>
    gauge.set(seconds(facts.leaderAbsentMs())),
  );
  make.count(
    "log_lines_dropped_total",
    "Lines of the log that could not be written, because its disk was full or its reader did not keep up",
    () => facts.logLinesDropped(),
  );
  make.reading(
    "job_overdue_seconds",
    "For how long a tick of the job has been undecided although it was due; 0 when none is",
    gauge => {
      gauge.reset();
      for (const [job, overdueS] of longest(labels, facts.overdueMs())) gauge.set({ job }, overdueS);
    },
    "job",
  );
  make.reading(
    "job_silenced_seconds",
    "For how long the job will launch nothing, because ticks of the future count as decided; 0 when it is not so",
    gauge => {
      gauge.reset();
      for (const [job, silencedS] of longest(labels, facts.silencedMs())) gauge.set({ job }, silencedS);
    },
    "job",
  );
  make.reading(
    "run_stuck_seconds",
    "For how long the longest waiting stuck run of the queue has not been started, by cause",
    gauge => {
      gauge.reset();
      for (const { queue, cause, forMs } of facts.stuck().toSorted((a, b) => a.forMs - b.forMs)) {
        gauge.set({ queue, cause }, seconds(forMs));
      }
    },
    "queue",
    "cause",
  );
  make.reading(
    "queue_paused",
    "1 while the queue is paused in BullMQ, otherwise 0; the same on every replica",
    async gauge => {
      const paused = await answerIn(facts.pausedQueues(), QUEUE_LIMIT_MS);
      gauge.reset();
      for (const [queue, isPaused] of paused ?? []) gauge.set({ queue }, isPaused ? 1 : 0);
    },
    "queue",
  );
  make.reading(
    "queue_depth",
    "Runs in the queue, by state; the same on every replica",
    async gauge => {
      const depths = await answerIn(facts.queueDepths(), QUEUE_LIMIT_MS);
      gauge.reset();
      for (const [queue, states] of depths ?? []) {
        for (const [state, count] of Object.entries(states)) gauge.set({ queue, state }, count);
      }
    },
    "queue",
    "state",
  );
}

/** For each label the longest of its jobs, in seconds. */
function longest(labels: JobLabels, jobsMs: ReadonlyMap<string, number>): Map<string, number> {
  const found = new Map([...labels.all()].map(label => [label, 0]));
  for (const [job, ms] of jobsMs) {
    const label = labels.of(job);
    found.set(label, Math.max(found.get(label) ?? 0, seconds(ms)));
  }
  return found;
}

/** Null when the work fails or takes longer. */
async function answerIn<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  const answer = work.catch(() => null);
  return (await settlesWithin(answer, limitMs)) ? answer : null;
}
