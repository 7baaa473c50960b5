import type { Redis } from "ioredis";
import type { Clock } from "../clock/clock.ts";
import type { EventMap, EventName } from "../event-map.ts";
import type { Events } from "../events.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type Change, storedChange } from "./change.ts";
import { ChangeCounts } from "./change-counts.ts";
import { changesOf, isPending } from "./event-changes.ts";

/** About how many changes Redis keeps; the counts of twenty busy replicas fill it in some minutes. */
export const CHANGES_KEPT = 2_000;
/** Counts, and what may wait, are written this often. */
const FLUSH_MS = 1_000;
/** Changes that wait while Redis is away. */
const WAITING_LIMIT = 200;

export interface ChangeWriterOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly events: Events;
  readonly clock: Pick<Clock, "nowMs" | "sleep">;
  readonly replica: string;
}

/**
 * Writes what happens in this replica to the stream of changes, for dashboards: changes of state immediately and singly, launches
 * and ends of runs as counts once a second. While nothing happens nothing is written.
 *
 * Best effort: while Redis is away a bounded number of changes waits, and beyond it `resync` takes their place. Nothing waits for
 * a write.
 */
export class ChangeWriter {
  readonly #options: ChangeWriterOptions;
  readonly #stopping = new AbortController();
  readonly #counts = new ChangeCounts();
  #waiting: Change[] = [];
  #isTimed = false;
  #writing: Promise<void> | null = null;
  /** A change of state came while others were being written. */
  #isAskedAgain = false;
  #isLeading = false;
  #replicas: ReadonlySet<string> | null = null;
  #unsubscribe: () => void = () => undefined;

  constructor(options: ChangeWriterOptions) {
    this.#options = options;
  }

  start(): void {
    const { events, replica } = this.#options;
    this.#unsubscribe = events.subscribe((name, fields) => this.#note(name, fields));
    this.#add([{ type: "replica", data: { id: replica, what: "ready" } }]);
    this.#flush();
  }

  /** Writes what waits and that the replica has exited, if Redis answers. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping.abort();
    this.#add([{ type: "replica", data: { id: this.#options.replica, what: "gone" } }]);
    await this.#writing;
    await this.#write();
  }

  /** The replicas that are there. The leader reports which ones have come or gone: a process that dies reports nothing. */
  showReplicas(ids: readonly string[]): void {
    const before = this.#replicas;
    const now = new Set(ids);
    this.#replicas = now;
    if (before === null || !this.#isLeading) return;
    const gone = [...before].filter(id => !now.has(id));
    const ready = [...now].filter(id => !before.has(id));
    this.#add([
      ...gone.map(id => ({ type: "replica", data: { id, what: "gone" } }) as const),
      ...ready.map(id => ({ type: "replica", data: { id, what: "ready" } }) as const),
    ]);
    if (gone.length + ready.length > 0) this.#flush();
  }

  #note<K extends EventName>(name: K, fields: EventMap[K]): void {
    if (name === "leader.elected") this.#isLeading = true;
    if (name === "leader.resigned" || name === "leader.lost") this.#isLeading = false;
    const isCounted = this.#counts.note(name, fields);
    const { replica, clock } = this.#options;
    const at = new Date(clock.nowMs()).toISOString();
    const changes = changesOf(name, fields, { replica, at, isLeading: this.#isLeading });
    this.#add(changes);
    if (changes.length > 0 && !isPending(name)) this.#flush();
    else if (isCounted || changes.length > 0) this.#flushLater();
  }

  #add(changes: readonly Change[]): void {
    this.#waiting.push(...changes);
    if (this.#waiting.length > WAITING_LIMIT) this.#waiting = [{ type: "resync", data: {} }];
  }

  #flushLater(): void {
    if (this.#isTimed || this.#stopping.signal.aborted) return;
    this.#isTimed = true;
    void this.#options.clock.sleep(FLUSH_MS, this.#stopping.signal).then(() => {
      this.#isTimed = false;
      if (!this.#stopping.signal.aborted) this.#flush();
    });
  }

  /** One write after the other, so that changes keep their order. */
  #flush(): void {
    if (this.#writing !== null) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isAskedAgain = false;
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
      if (this.#isAskedAgain) this.#flush();
    });
  }

  async #write(): Promise<void> {
    const { redis, keys, clock } = this.#options;
    const at = new Date(clock.nowMs()).toISOString();
    const counts = this.#counts.take(at);
    const changes: Change[] = counts ? [...this.#waiting, { type: "counts", data: counts }] : this.#waiting;
    this.#waiting = [];
    if (changes.length === 0) return;
    const pipeline = redis.pipeline();
    for (const change of changes)
      pipeline.xadd(keys.changes, "MAXLEN", "~", CHANGES_KEPT, "*", ...storedChange(change));
    const replies = await pipeline.exec().catch(() => null);
    const unwritten = changes.filter((_, i) => replies?.[i] === undefined || replies[i][0] !== null);
    if (unwritten.length === 0) return;
    // A change whose answer was lost is written twice; clients take each of them again.
    const since = this.#waiting;
    this.#waiting = [];
    this.#add([...unwritten, ...since]);
    this.#flushLater();
  }
}
