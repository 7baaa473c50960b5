import type { Redis } from "ioredis";
import { z } from "zod";
import { sleep } from "../clock/sleep.ts";
import { ANSWER_LIMIT_MS, mustHold } from "../clock/timing.ts";
import { auditRowOf } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type Change, type Counts, changeOf, type JobChange, sumOf } from "./change.ts";
import { ChangeStream, type PlacedChange } from "./change-stream.ts";
import { formatPlace, type Place, parsePlace, readEnd, readIsWhole } from "./place.ts";

/** For how long a read waits for changes. */
const BLOCK_MS = 2_000;
/** Changes that come within this time of each other are read, and counted, together. */
const PACE_MS = 100;
const RETRY_MS = 250;
const ENTRIES_A_READ = 500;
/** A client that has missed more is as well off with reading everything again. */
const MISSED_LIMIT = 500;
mustHold({ "a read that waits for changes is no silent server": BLOCK_MS < ANSWER_LIMIT_MS });

export interface ChangeFeedOptions {
  /** Reads over another connection what happened before a stream began. */
  readonly read: <T>(read: (redis: Redis) => Promise<T>) => Promise<T>;
  /** Opens the connection that waits for changes (`connectRedis`, purpose "plain"). Called once. */
  readonly connect: () => Redis;
  readonly keys: RedisKeys;
}

/** Which operators' actions change a job. */
const JOB_ACTIONS: Readonly<Partial<Record<string, JobChange>>> = {
  pause: "paused",
  resume: "resumed",
  "skip-next": "skip",
  "keep-next": "keep",
};

const entry = z.tuple([z.string(), z.array(z.string())]);
const entries = z.array(entry);
type Entry = z.output<typeof entry>;

interface Join {
  readonly stream: ChangeStream;
  readonly lastEventId: string | null;
}

/**
 * What changes in a cluster, for any number of streams over one connection: the stream of changes that the replicas write
 * (change-writer.ts), and the audit. While there is no stream nothing is read.
 *
 * Each stream has every change from its beginning on at least once and in order. When the connection breaks, all go on where they
 * were. Where changes were trimmed or lost meanwhile they get `resync`.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #stopping = new AbortController();
  readonly #streams = new Set<ChangeStream>();
  /** Streams that begin when the place is known. */
  #joins: Join[] = [];
  /** Up to where the streams have everything; null while that is not known. */
  #place: Place | null = null;
  #isLive = false;
  #running: Promise<void> | null = null;
  #wake: () => void = () => undefined;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** How many streams there are. */
  get size(): number {
    return this.#streams.size + this.#joins.length;
  }

  /**
   * The changes from now on, or behind the one with this id. Before the cap of what Redis keeps, and for an id that is none, the
   * stream begins with `resync`. It ends when the feed stops, or when its reader does not keep up.
   */
  subscribe(lastEventId: string | null = null): ChangeStream {
    const stream = new ChangeStream(ended => this.#leave(ended));
    if (this.#stopping.signal.aborted) {
      stream.close();
      return stream;
    }
    this.#joins.push({ stream, lastEventId });
    if (this.#isLive) this.#admit();
    this.#running ??= this.#run();
    this.#wake();
    return stream;
  }

  /** Ends all streams. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    for (const stream of [...this.#streams, ...this.#joins.map(({ stream }) => stream)]) stream.end();
    await this.#running;
  }

  #leave(stream: ChangeStream): void {
    this.#streams.delete(stream);
    this.#joins = this.#joins.filter(join => join.stream !== stream);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const reader = this.#options.connect();
    signal.addEventListener("abort", () => reader.disconnect(), { once: true });
    while (!signal.aborted) {
      if (this.size === 0) await this.#whenWanted();
      else await this.#read(reader).catch(() => this.#pause());
    }
  }

  async #whenWanted(): Promise<void> {
    this.#place = null;
    this.#isLive = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (!this.#stopping.signal.aborted && this.size === 0) await promise;
    this.#wake = () => undefined;
  }

  /** Redis is away, or refuses. */
  async #pause(): Promise<void> {
    const { signal } = this.#stopping;
    if (this.#isLive && !signal.aborted) this.#tell({ type: "live", data: { live: false } });
    this.#isLive = false;
    await sleep(RETRY_MS, signal);
  }

  async #read(reader: Redis): Promise<void> {
    const { keys } = this.#options;
    const place = this.#isLive && this.#place ? this.#place : await this.#begin(reader);
    const found = await reader.xread(
      ...(["COUNT", ENTRIES_A_READ, "BLOCK", BLOCK_MS, "STREAMS"] as const),
      ...[keys.changes, keys.audit, place.changes, place.audit],
    );
    if (found === null || this.#stopping.signal.aborted) return;
    const of = (key: string) => entries.parse(found.find(([name]) => name === key)?.[1] ?? []);
    const [changes, audit] = [of(keys.changes), of(keys.audit)];
    const next = placeAfter(place, changes, audit);
    this.#place = next;
    for (const change of placed(changesIn(changes, audit), place, next))
      for (const stream of this.#streams) stream.push(change);
    await sleep(PACE_MS, this.#stopping.signal);
  }

  /** Finds where to go on, at first and after each break. */
  async #begin(reader: Redis): Promise<Place> {
    const { keys } = this.#options;
    const end = await readEnd(reader, keys);
    const before = this.#place;
    const isWhole = before === null || (await readIsWhole(reader, keys, before, end));
    const place = isWhole ? (before ?? end) : end;
    this.#place = place;
    this.#isLive = true;
    if (!isWhole) this.#tell({ type: "resync", data: {} });
    if (before !== null) this.#tell(LIVE);
    this.#admit();
    return place;
  }

  #admit(): void {
    const place = this.#place;
    if (place === null) return;
    for (const { stream, lastEventId } of this.#joins.splice(0)) {
      this.#streams.add(stream);
      this.#changesBefore(place, lastEventId).then(
        before => stream.begin(before),
        // The client connects again, with the same id.
        () => stream.close(),
      );
    }
  }

  /** What a stream begins with: that it is live, and the changes behind the last one that the client has, up to the place. */
  async #changesBefore(place: Place, lastEventId: string | null): Promise<PlacedChange[]> {
    const { read, keys } = this.#options;
    if (lastEventId === null) return placed([LIVE], place, place);
    const from = parsePlace(lastEventId);
    const missed = from && (await read(redis => readMissed(redis, keys, from, place)));
    if (from === null || !missed) return placed([LIVE, { type: "resync", data: {} }], place, place);
    return placed([LIVE, ...missed], from, place);
  }

  #tell(change: Change): void {
    if (this.#place === null) return;
    for (const one of placed([change], this.#place, this.#place))
      for (const stream of this.#streams) stream.push(one);
  }
}

const LIVE: Change = { type: "live", data: { live: true } };

/** The changes between two places, or null where some were trimmed, or lost with the data. */
async function readMissed(redis: Redis, keys: RedisKeys, from: Place, to: Place): Promise<Change[] | null> {
  // Another replica may have served the client up to a place that this one has not read yet: then some changes come twice.
  if (!(await readIsWhole(redis, keys, from, await readEnd(redis, keys)))) return null;
  const [changes, audit] = await Promise.all([
    redis.xrange(keys.changes, `(${from.changes}`, to.changes, "COUNT", MISSED_LIMIT),
    redis.xrange(keys.audit, `(${from.audit}`, to.audit, "COUNT", MISSED_LIMIT),
  ]);
  if (changes.length + audit.length >= MISSED_LIMIT) return null;
  return changesIn(entries.parse(changes), entries.parse(audit));
}

/** The changes of a read: state in the order of each stream, and one sum of all counts behind it. */
function changesIn(changes: readonly Entry[], audit: readonly Entry[]): Change[] {
  const written = changes.flatMap(([, fields]) => changeOf(fields) ?? []);
  const counts = written.flatMap(({ type, data }) => (type === "counts" ? [data] : []));
  const sum = counts.reduce<Counts | null>((sum, one) => (sum ? sumOf(sum, one) : one), null);
  return [
    ...written.filter(({ type }) => type !== "counts"),
    ...audit.flatMap(([, fields]) => auditChanges(fields)),
    ...(sum ? [{ type: "counts", data: sum } as const] : []),
  ];
}

function auditChanges(fields: readonly string[]): Change[] {
  const row = auditRowOf(fields);
  if (row === null) return [];
  const { action, job, by, reason } = row;
  const what = JOB_ACTIONS[action];
  const changes: Change[] = [{ type: "audit", data: row }];
  if (what && job) changes.push({ type: "job", data: { name: job, what, by, ...(reason && { reason }) } });
  return changes;
}

function placeAfter(place: Place, changes: readonly Entry[], audit: readonly Entry[]): Place {
  return {
    changes: changes.at(-1)?.[0] ?? place.changes,
    audit: audit.at(-1)?.[0] ?? place.audit,
  };
}

/** Only the last one has the new place: a client that missed one of them gets all of them again. */
function placed(changes: readonly Change[], before: Place, after: Place): PlacedChange[] {
  return changes.map((change, i) => {
    const id = formatPlace(i === changes.length - 1 ? after : before);
    const frame = `id: ${id}\nevent: ${change.type}\ndata: ${JSON.stringify(change.data)}\n\n`;
    return { ...change, id, frame };
  });
}
