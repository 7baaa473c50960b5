import type { Job } from "./config.ts";

/** Where a piece ends. A job that holds this itself has more pieces, and is not split. */
const GAP = "\0gap";
const GAP_TEXT = JSON.stringify(GAP);

/** What jobs that differ only in name and data have in common. */
export interface AlikeText {
  /** One of them. */
  readonly first: Job;
  /** Between these are, as JSON and as far as they are in the text: the data, the name, and the seed of the schedule. */
  readonly pieces: readonly string[];
}

/**
 * A text of a job in pieces. Of very many jobs most differ only in name and data, and for these the pieces are made once. Jobs with
 * one schedule follow each other, or alternate with those of other schedules: the last one of each schedule is remembered.
 */
export class AlikeTexts {
  readonly #textOf: (job: Job) => string;
  readonly #gaps: number;
  readonly #last = new WeakMap<Job["schedule"], AlikeText>();

  /** `gaps`: how many of data, name and seed are in the text. */
  constructor(textOf: (job: Job) => string, gaps: number) {
    this.#textOf = textOf;
    this.#gaps = gaps;
  }

  /** Null where the text cannot be split. */
  of(job: Job): AlikeText | null {
    const last = this.#last.get(job.schedule);
    const own = last !== undefined && isAlike(job, last.first) ? last : this.#split(job);
    return own.pieces.length === this.#gaps + 1 && job.data !== undefined ? own : null;
  }

  #split(job: Job): AlikeText {
    const open = { ...job, data: GAP, name: GAP, spec: { ...job.spec, seed: GAP } } as unknown as Job;
    const split = { first: job, pieces: this.#textOf(open).split(GAP_TEXT) };
    this.#last.set(job.schedule, split);
    return split;
  }
}

function isAlike(job: Job, other: Job): boolean {
  return (
    areEqual(job, other, key => key === "data" || key === "name" || key === "spec") &&
    areEqual(job.spec, other.spec, key => key === "seed")
  );
}

function areEqual<T extends object>(one: T, other: T, isOwn: (key: keyof T) => boolean): boolean {
  let count = 0;
  for (const key in one) {
    count++;
    if (one[key] !== other[key] && !isOwn(key)) return false;
  }
  for (const _ in other) count--;
  return count === 0;
}
