/** This many jobs have time series of their own; a histogram costs a dozen of them. */
const MAX_JOBS = 1_000;
/** What all further jobs share, and runs of jobs that are in no configuration any more. */
export const OTHER_JOBS = "other";

/** Bounds the values of the label `job`: the first 1,000 jobs of the configuration, and `other`. */
export class JobLabels {
  #named: ReadonlySet<string> = new Set();

  /** Takes over the jobs of a configuration. Returns the labels that are new, and those whose series are to go. */
  update(jobs: readonly string[]): {
    readonly added: readonly string[];
    readonly removed: readonly string[];
  } {
    const before = this.#named;
    const labels = jobs.length > MAX_JOBS ? [...jobs.slice(0, MAX_JOBS), OTHER_JOBS] : jobs;
    this.#named = new Set(labels);
    return {
      added: labels.filter(label => !before.has(label)),
      removed: [...before].filter(label => !this.#named.has(label)),
    };
  }

  of(job: string): string {
    return this.#named.has(job) ? job : OTHER_JOBS;
  }

  all(): Iterable<string> {
    return this.#named;
  }
}
