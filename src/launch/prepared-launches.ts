import { setImmediate } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { Decision } from "../schedule/decision.ts";
import type { Commit } from "./commit.ts";
import type { LaunchQueue } from "./launch-queue.ts";
import { LaunchTransaction } from "./launch-transaction.ts";
import type { OpenQueues } from "./open-queues.ts";
import { baseOf, placeOfJob } from "./queue-place.ts";

export interface PreparedLaunchesOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queues: OpenQueues<LaunchQueue>;
  readonly jobOf: (name: string) => Job;
  /** How many entries a history keeps. */
  readonly perJob: () => number;
}

/** Runs made in one go, in some 3 ms; between two of them the event loop turns. */
const SLICE = 100;

interface Prepared {
  readonly connection: number;
  readonly term: number;
  readonly transaction: LaunchTransaction;
}

/**
 * Transactions that have the runs of a later commit, and nothing else of it: making the runs is most of the work of a launch, and
 * depends on nothing that Redis says. Nothing is sent. What a commit reads and watches, it reads and watches at its time.
 */
export class PreparedLaunches {
  readonly #options: PreparedLaunchesOptions;
  /** By decisions of the commit, which are the same array. */
  #prepared = new WeakMap<readonly Decision[], Prepared>();

  constructor(options: PreparedLaunchesOptions) {
    this.#options = options;
  }

  /** `connection`: the one that the commit must be on. */
  async make(
    connection: number,
    { term, decisions, nowMs }: Pick<Commit, "term" | "decisions" | "nowMs">,
  ): Promise<void> {
    const { redis, keys, queues, jobOf, perJob } = this.#options;
    const known = this.#prepared.get(decisions);
    if (known?.connection === connection && known.term === term) return;
    const launches = decisions.flatMap(one => (one.outcome === "launched" ? [one] : []));
    // What is in a transaction cannot be taken out, so there must be nothing that may turn out to be no launch.
    if (launches.length < decisions.length) return;
    const parts = launches.map(decision => {
      const job = jobOf(decision.job);
      return { decision, job, place: placeOfJob(keys, job) };
    });
    if (parts.some(({ job }) => job.overlap !== "allow")) return;
    const open = await queues.all(parts.map(({ place }) => place));
    const transaction = new LaunchTransaction({ redis, keys, term, perJob: perJob() });
    for (const [i, { decision, job, place }] of parts.entries()) {
      if (i % SLICE === 0) await setImmediate();
      try {
        transaction.launch(decision, job, open.get(baseOf(place)) as LaunchQueue, { removed: null, nowMs });
      } catch {
        // BullMQ refuses to make such a run. The commit reports whose it is, and goes on without it.
        return;
      }
    }
    this.#prepared.set(decisions, { connection, term, transaction });
  }

  /** Null where nothing fits. */
  take(connection: number, term: number, decisions: readonly Decision[]): LaunchTransaction | null {
    const prepared = this.#prepared.get(decisions);
    this.#prepared.delete(decisions);
    return prepared?.connection === connection && prepared.term === term ? prepared.transaction : null;
  }

  clear(): void {
    this.#prepared = new WeakMap();
  }
}
