import { Queue } from "bullmq";
import type { Redis } from "ioredis";

/** What BullMQ itself says was launched, read from its event stream: the judge that is not Bellwether's. */
export interface Ledger {
  /** Run ids in the order in which BullMQ added them. */
  readonly added: readonly string[];
  /** Run ids that were added again while their job still existed. */
  readonly repeated: readonly string[];
}

const PAGE = 1_000;

/** Follows a queue's event stream from its beginning, faster than BullMQ trims it. */
export class LaunchLedger implements Ledger {
  readonly added: string[] = [];
  readonly repeated: string[] = [];
  readonly #redis: Redis;
  readonly #stream: string;
  #last = "0";

  constructor(redis: Redis, prefix: string, queue: string) {
    this.#redis = redis;
    this.#stream = `${prefix}:${queue}:events`;
  }

  /** Reads what is new. */
  async read(): Promise<void> {
    for (;;) {
      const entries = await this.#redis.xrange(this.#stream, `(${this.#last}`, "+", "COUNT", PAGE);
      for (const [id, flat] of entries) {
        this.#last = id;
        const fields = Object.fromEntries(
          flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1] ?? ""]])),
        );
        if (fields["event"] === "added") this.added.push(fields["jobId"] ?? "");
        if (fields["event"] === "duplicated") this.repeated.push(fields["jobId"] ?? "");
      }
      if (entries.length < PAGE) return;
    }
  }
}

/** The term that each run carries, in the order given. */
export async function termsOf(
  runs: readonly string[],
  redis: Redis,
  prefix: string,
  queueName: string,
): Promise<number[]> {
  const queue = new Queue(queueName, { connection: redis, prefix });
  const jobs = await Promise.all(runs.map(run => queue.getJob(run)));
  return jobs.map(job => Number(job?.data._tick.term));
}

/** Runs by job name, as the seconds of their ticks. */
export function ticksByJob(runs: readonly string[]): Map<string, number[]> {
  const ticks = new Map<string, number[]>();
  for (const run of runs) {
    const [job = "", tick = ""] = run.split("@");
    const iso = tick.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
    const list = ticks.get(job) ?? [];
    list.push(Date.parse(iso) / 1_000);
    ticks.set(job, list);
  }
  return ticks;
}
