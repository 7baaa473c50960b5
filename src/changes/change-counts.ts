import type { EventMap, EventName } from "../event-map.ts";
import { type Counts, NAMED_JOBS } from "./change.ts";

type Tally = "launched" | "completed" | "failed" | "skipped" | "missed";

/** Counts launches and ends of runs between two writes: a write for each would cost what fast launches save. */
export class ChangeCounts {
  #tallies: Record<Tally, number> = none();
  readonly #jobs = new Set<string>();
  #isEmpty = true;

  /** True where the event is counted. */
  note<K extends EventName>(name: K, fields: EventMap[K]): boolean {
    const counted = countedOf(name, fields);
    if (counted === null) return false;
    this.#tallies[counted.tally] += counted.count;
    this.#jobs.add(counted.job);
    this.#isEmpty = false;
    return true;
  }

  /** What was counted since the last time; null when nothing was. */
  take(at: string): Counts | null {
    if (this.#isEmpty) return null;
    const names = [...this.#jobs];
    const more = Math.max(names.length - NAMED_JOBS, 0);
    const counts = { at, ...this.#tallies, jobs: names.slice(0, NAMED_JOBS), more };
    this.#tallies = none();
    this.#jobs.clear();
    this.#isEmpty = true;
    return counts;
  }
}

function none(): Record<Tally, number> {
  return { launched: 0, completed: 0, failed: 0, skipped: 0, missed: 0 };
}

const TALLIES: Readonly<Partial<Record<EventName, Tally>>> = {
  "tick.launched": "launched",
  "tick.skipped": "skipped",
  "tick.missed": "missed",
  "run.completed": "completed",
  "run.failed": "failed",
};

function countedOf<K extends EventName>(name: K, fields: EventMap[K]) {
  const tally = TALLIES[name];
  if (tally === undefined) return null;
  const { job, count = 1, final = true } = fields as { job: string; count?: number; final?: boolean };
  return final ? { tally, job, count } : null;
}
