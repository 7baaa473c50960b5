import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { Decision } from "../schedule/decision.ts";
import type { LaunchGuard } from "./launch-guard.ts";
import type { LaunchTransaction } from "./launch-transaction.ts";

/** A part of a commit, and what was read under WATCH before it was sent. */
export interface SentPart {
  readonly watched: LaunchGuard;
  readonly transaction: LaunchTransaction;
}

interface Sent {
  readonly connection: number;
  readonly decisions: readonly Decision[];
  /** Null where there was no such answer as there must be. */
  readonly watched: Promise<LaunchGuard | null>;
  readonly transaction: LaunchTransaction;
}

/**
 * The runs of a commit to come, which Redis keeps behind MULTI. The look under WATCH is sent before them, so what has changed
 * since then makes the transaction void, as ever. All that is sent on the connection now would become part of it: who wants to
 * send anything else takes the runs back.
 */
export class SentAhead {
  readonly #redis: Redis;
  #sent: Sent | null = null;
  /** The connection that has carried out launches of these kinds: Redis knows the scripts for them. */
  #proven: { readonly connection: number; readonly kinds: Set<boolean> } | null = null;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  get isThere(): boolean {
    return this.#sent !== null;
  }

  /**
   * Runs of such jobs have been launched on this connection. Only then can others be sent ahead: ioredis sends a script whole the first
   * time, and by its name from then on. Where the first time is taken back, Redis never gets to know the script.
   */
  prove(connection: number, jobs: readonly Job[]): void {
    if (this.#proven?.connection !== connection) this.#proven = { connection, kinds: new Set() };
    for (const job of jobs) this.#proven.kinds.add(kindOf(job));
  }

  isProven(connection: number, jobs: readonly Job[]): boolean {
    const kinds = this.#proven?.connection === connection ? this.#proven.kinds : null;
    return kinds !== null && jobs.every(job => kinds.has(kindOf(job)));
  }

  /** `connection`: which of the client's connections, one after the other, this is. `watch` sends the look. */
  send(
    connection: number,
    decisions: readonly Decision[],
    transaction: LaunchTransaction,
    watch: () => Promise<LaunchGuard>,
  ): void {
    const watched = watch().catch(() => null);
    transaction.sendRuns();
    this.#sent = { connection, decisions, watched, transaction };
  }

  /** Null where nothing was sent for these decisions on this connection, or the look found anything unusual: then all is taken back. */
  async take(connection: number, decisions: readonly Decision[]): Promise<SentPart | null> {
    const sent = this.#sent;
    const isFor = sent?.decisions === decisions && sent.connection === connection;
    const watched = isFor ? await sent.watched : null;
    if (!isFor || this.#sent !== sent || watched === null || watched.broken.size > 0) {
      this.takeBack(connection);
      return null;
    }
    this.#sent = null;
    return { watched, transaction: sent.transaction };
  }

  /** What is sent after this is no part of the transaction. */
  takeBack(connection: number): void {
    const sent = this.#sent;
    this.#sent = null;
    // Without an answer the connection has ended, and with it all that was on it.
    if (sent?.connection === connection) this.#redis.discard().catch(() => undefined);
  }
}

/** BullMQ adds runs with a priority by another script. */
function kindOf({ priority }: Job): boolean {
  return priority > 0;
}
