/** Which job must be looked at next: a binary heap by time, so that a quiet turn costs nothing per job. */
export class DueQueue {
  readonly #heap: { readonly job: string; readonly dueMs: number }[] = [];

  /** Null when no job will ever be due. */
  get nextDueMs(): number | null {
    return this.#heap[0]?.dueMs ?? null;
  }

  /** Each job is in the queue at most once: it is put back only after it was taken. */
  put(job: string, dueMs: number): void {
    const heap = this.#heap;
    heap.push({ job, dueMs });
    let child = heap.length - 1;
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
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const taken = heap.pop();
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const first = this.#dueAt(left + 1) < this.#dueAt(left) ? left + 1 : left;
      if (this.#dueAt(first) >= this.#dueAt(parent)) return taken?.job ?? "";
      this.#swap(parent, first);
      parent = first;
    }
  }

  #dueAt(index: number): number {
    return this.#heap[index]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const [x, y] = [heap[a], heap[b]];
    if (x && y) [heap[a], heap[b]] = [y, x];
  }
}
