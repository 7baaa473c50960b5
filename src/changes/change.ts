import { z } from "zod";
import type { EventName } from "../event-map.ts";
import type { AuditRow } from "../launch/read-history.ts";
import { storedJson } from "../redis/stored-value.ts";

/** What a stream of changes reports, by type. Times are ISO 8601 in UTC. */
export interface ChangeMap {
  /**
   * The first change of every stream; after it `live` is false while the replica that serves the stream cannot read Redis, and
   * true again afterwards. What happened meanwhile follows, or `resync` does.
   */
  live: { readonly live: boolean };
  /** A term was opened, or its leader ended it. One that crashes ends nothing: the next `elected` has `reason: crashed`. */
  leader: {
    readonly what: "elected" | "ended";
    readonly replica: string;
    readonly term: number;
    readonly at: string;
    readonly reason: string;
    readonly reasonCode: string;
    /** Of `elected`: the replica that led before. */
    readonly previous?: string | null;
    /** Of `elected`: for how long no replica could launch. */
    readonly vacantMs?: number | null;
    readonly cause?: string;
    readonly error?: string;
    readonly by?: string;
  };
  replica: { readonly id: string; readonly what: "ready" | "gone" };
  /** Something other than a launch changed a job. `by`: who asked for it. */
  job: {
    readonly name: string;
    readonly what: JobChange;
    readonly by?: string;
    readonly reason?: string;
  };
  /** A run failed for good; `error` is its first line. */
  run: { readonly job: string; readonly run: string; readonly error: string };
  /** How often what happened since the last of these, as one replica or several counted it. */
  counts: Counts;
  /** A replica raised an alarm, or ended it: the event of this name, with its fields. */
  alarm: {
    readonly what: EventName;
    readonly replica: string;
    readonly at: string;
    readonly [field: string]: unknown;
  };
  /** A row that was added to the audit. */
  audit: AuditRow;
  /** Changes are missing: read again what you show. */
  resync: Readonly<Record<string, never>>;
}

export type JobChange =
  | "paused"
  | "resumed"
  | "skip"
  | "keep"
  | "quarantined"
  | "recovered"
  | "retired"
  | "added"
  | "changed"
  | "removed";

export interface Counts {
  readonly at: string;
  readonly launched: number;
  readonly completed: number;
  /** Runs that failed for good. */
  readonly failed: number;
  readonly skipped: number;
  readonly missed: number;
  /** The jobs that these are of, 100 at most; `more` of them are not named. */
  readonly jobs: readonly string[];
  readonly more: number;
}

export type ChangeType = keyof ChangeMap;

/** One change as a replica writes it and the streams pass it on. */
export type Change = {
  readonly [T in ChangeType]: { readonly type: T; readonly data: ChangeMap[T] };
}[ChangeType];

/** The jobs that one `counts` names at most. */
export const NAMED_JOBS = 100;
/** A text of an error or a reason at most. */
const TEXT_LIMIT = 300;

const TYPES: Readonly<Record<ChangeType, true>> = {
  live: true,
  leader: true,
  replica: true,
  job: true,
  run: true,
  counts: true,
  alarm: true,
  audit: true,
  resync: true,
};

const data = z.record(z.string(), z.unknown());
const counts = z.object({
  at: z.string(),
  launched: z.number(),
  completed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  missed: z.number(),
  jobs: z.array(z.string()),
  more: z.number(),
});

/** A change as its entry of the stream holds it, in one field. */
export function storedChange({ type, data }: Change): [string, string] {
  return [type, JSON.stringify(data)];
}

/** The change that an entry holds; null for what this release does not know, and for what another program wrote. */
export function changeOf([type = "", text = ""]: readonly string[]): Change | null {
  if (!Object.hasOwn(TYPES, type)) return null;
  const read = storedJson(text, type === "counts" ? counts : data);
  return read && ({ type, data: read } as unknown as Change);
}

/** The first line of a text, cut where it is long. */
export function firstLine(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return line.length > TEXT_LIMIT ? `${line.slice(0, TEXT_LIMIT)}…` : line;
}

/** Both together, as one. */
export function sumOf(a: Counts, b: Counts): Counts {
  const names = [...new Set([...a.jobs, ...b.jobs])];
  return {
    at: b.at,
    launched: a.launched + b.launched,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    missed: a.missed + b.missed,
    jobs: names.slice(0, NAMED_JOBS),
    more: a.more + b.more + Math.max(names.length - NAMED_JOBS, 0),
  };
}
