const FIRST_ROOM = 64;

/**
 * Which job must be looked at next: a binary heap by time, so that a quiet turn costs nothing per job. Names and times are
 * in two lists, because an object for each of very many jobs takes megabytes.
 */
export class DueQueue {
  readonly #jobs: string[];
  #dueMs: Float64Array;

  /** With these in it, which are all due at `dueMs`. */
  constructor(jobs: Iterable<string> = [], dueMs = Number.NEGATIVE_INFINITY) {
    this.#jobs = [...jobs];
    this.#dueMs = new Float64Array(Math.max(this.#jobs.length, FIRST_ROOM)).fill(dueMs);
  }

  /** Null when no job will ever be due. */
  get nextDueMs(): number | null {
    return this.#jobs.length === 0 ? null : this.#dueAt(0);
  }

  /** Each job is in the queue at most once: it is put back only after it was taken. */
  put(job: string, dueMs: number): void {
    let child = this.#jobs.length;
    this.#jobs.push(job);
    if (child === this.#dueMs.length) this.#grow();
    this.#dueMs[child] = dueMs;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#dueAt(parent) <= dueMs) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Takes up to `limit` jobs that are due at `nowMs`, the longest due first. */
  takeDue(nowMs: number, limit: number): string[] {
    const due: string[] = [];
    while (due.length < limit && this.#dueAt(0) <= nowMs) due.push(this.#take());
    return due;
  }

  #take(): string {
    this.#swap(0, this.#jobs.length - 1);
    const taken = this.#jobs.pop() ?? "";
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const first = this.#dueAt(left + 1) < this.#dueAt(left) ? left + 1 : left;
      if (this.#dueAt(first) >= this.#dueAt(parent)) return taken;
      this.#swap(parent, first);
      parent = first;
    }
  }

  #dueAt(index: number): number {
    return index < this.#jobs.length ? (this.#dueMs[index] as number) : Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [jobs, dueMs] = [this.#jobs, this.#dueMs];
    [jobs[a], jobs[b]] = [jobs[b] as string, jobs[a] as string];
    [dueMs[a], dueMs[b]] = [dueMs[b] as number, dueMs[a] as number];
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#dueMs.length);
    grown.set(this.#dueMs);
    this.#dueMs = grown;
  }
}
