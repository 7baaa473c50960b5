import type { Tick, TickSource } from "./schedule.ts";

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
