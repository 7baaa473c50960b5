import type { Redis } from "ioredis";
import { z } from "zod";
import type { Clock } from "../clock/clock.ts";
import { Wakeup } from "../clock/wakeup.ts";
import { settlesWithin } from "../clock/within.ts";
import type { Events } from "../events.ts";
import { type AuditRow, auditRowOf } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";

/** How often it asks without a hint. */
const INTERVAL_MS = 5_000;
/** A leader that steps down reports who asked, but only waits briefly: until it has exited there is no other leader. */
const CLEANUP_LIMIT_MS = 300;
const ENTRIES_A_SCRIPT = 100;
/** What was done before there was any leader, or under a release that reported nothing. */
const BACKLOG_MS = 60 * 60_000;

const entry = z.tuple([z.string(), z.array(z.string())]);
const reply = z.union([z.tuple([z.literal("fenced")]), z.tuple([z.literal("taken")]).rest(entry)]);
const TAKE = new Script(reply, new URL("./operator-log.lua", import.meta.url));

/** The term in which a leader reports. */
interface ReportingTerm {
  readonly number: number;
  readonly fence: string;
  readonly signal: AbortSignal;
}

export interface OperatorLogOptions {
  /** Not the launch connection: what is reported must not hold up launches. */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly clock: Pick<Clock, "sleep">;
  readonly events: Events;
  readonly term: ReportingTerm;
}

/**
 * Reports in the log of the leader of a term what operators did (`operator.acted`). The record is the audit: each of its entries is
 * reported by the leader that is in office when it is written, or else by the next one. An entry is missing from the logs
 * only when a leader dies between reading and logging it.
 */
export class OperatorLog {
  readonly #options: OperatorLogOptions;
  /** The last entry that was received. */
  #last = "";
  /** The newest entry that there is, as far as is known. */
  #newest = "";
  readonly #hinted = new Wakeup();
  #busy: Promise<void> = Promise.resolve();

  constructor(options: OperatorLogOptions) {
    this.#options = options;
  }

  /** The newest entry of the audit: one that was not received yet is reported now. */
  hint(newest: string): void {
    if (newest !== this.#newest) this.#hinted.notify();
    this.#newest = newest;
  }

  /** Reports for as long as the term's work goes on, and once more where it ends by itself: an operator may have asked for it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options.term;
    const ending = new AbortController();
    void this.#repeat(AbortSignal.any([ending.signal, signal]));
    try {
      const end = await work();
      if (!signal.aborted) await settlesWithin(this.#report(), CLEANUP_LIMIT_MS);
      return end;
    } finally {
      ending.abort();
    }
  }

  async #repeat(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      this.#hinted.clear();
      await this.#report();
      await this.#options.clock.sleep(INTERVAL_MS, AbortSignal.any([ending, this.#hinted.signal]));
    }
  }

  /** One after the other, so that no entry is reported twice. */
  #report(): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      // Redis is away, or refuses: that is reported by others, and the next time asks for the same entries.
      while (await this.#reportSome().catch(() => false));
    });
    return this.#busy;
  }

  /** Whether there may be more. */
  async #reportSome(): Promise<boolean> {
    const { redis, keys, events, term } = this.#options;
    const args = [term.fence, this.#last, ENTRIES_A_SCRIPT, BACKLOG_MS];
    const [outcome, ...entries] = await TAKE.run(redis, [keys.term, keys.audit, keys.reported], args);
    if (outcome === "fenced") return false;
    for (const [id, fields] of entries) {
      this.#last = id;
      const row = auditRowOf(fields);
      if (row !== null) events.emit("operator.acted", actedOf(row, term.number));
    }
    return entries.length === ENTRIES_A_SCRIPT;
  }
}

function actedOf({ at, action, by, job, run, ticks, reason, reasonCode }: AuditRow, term: number) {
  return {
    action,
    by,
    at,
    term,
    ...(job !== undefined && { job }),
    ...(run !== undefined && { run }),
    ...(ticks !== undefined && { ticks }),
    ...(reason !== undefined && { reason }),
    ...(reasonCode !== undefined && { reasonCode }),
  };
}
