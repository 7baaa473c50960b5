import type { Tick, TickSource } from "./schedule.ts";

/** Ticks at the multiples of a period since the epoch, so that all replicas agree without talking. */
export class EverySource implements TickSource {
  readonly periodMs: number;

  constructor(periodMs: number) {
    this.periodMs = periodMs;
  }

  next(afterMs: number): Tick {
    return { at: (Math.floor(afterMs / this.periodMs) + 1) * this.periodMs };
  }

  previous(atMs: number): Tick {
    return { at: Math.floor(atMs / this.periodMs) * this.periodMs };
  }
}

/** Ticks at listed instants. */
export class AtSource implements TickSource {
  readonly #instants: readonly number[];

  /** The instants ascending, each once. */
  constructor(instants: readonly number[]) {
    this.#instants = instants;
  }

  next(afterMs: number): Tick | null {
    return this.#tick(this.#countUntil(afterMs));
  }

  previous(atMs: number): Tick | null {
    return this.#tick(this.#countUntil(atMs) - 1);
  }

  /** How many of the instants are at or before `ms`. */
  #countUntil(ms: number): number {
    let [low, high] = [0, this.#instants.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#instants[middle] ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #tick(index: number): Tick | null {
    const at = this.#instants[index];
    return at === undefined ? null : { at };
  }
}

/** The ticks of several sources; ticks at the same instant are one. */
export class MergedSource implements TickSource {
  readonly #sources: readonly TickSource[];

  constructor(sources: readonly TickSource[]) {
    this.#sources = sources;
  }

  next(afterMs: number): Tick | null {
    return this.#pick(
      source => source.next(afterMs),
      (a, b) => a < b,
    );
  }

  previous(atMs: number): Tick | null {
    return this.#pick(
      source => source.previous(atMs),
      (a, b) => a > b,
    );
  }

  #pick(ask: (source: TickSource) => Tick | null, isBetter: (a: number, b: number) => boolean): Tick | null {
    let best: Tick | null = null;
    for (const source of this.#sources) {
      const tick = ask(source);
      if (tick === null) continue;
      const isNoted = best?.at === tick.at && best.note === undefined;
      if (best === null || isNoted || isBetter(tick.at, best.at)) best = tick;
    }
    return best;
  }
}
