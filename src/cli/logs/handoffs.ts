import type { LogRecord } from "../log-line.ts";
import { LateLaunches } from "./late-launches.ts";
import { instantOf, isBeginning, isEnd } from "./log-entry.ts";

/** One change of the leader, as all logs together describe it. The names are those of the events. */
export interface Handoff {
  readonly namespace: string | null;
  /** The store's time at which the new term was opened, or the last one ended if no other followed; ISO 8601. */
  readonly at: string;
  readonly previous: string | null;
  /** Null: the logs have no leader after the one that ended. */
  readonly leader: string | null;
  readonly term: number | null;
  readonly reason: string | null;
  readonly cause: string | null;
  /** What the old leader itself said of its end, where that differs: a frozen one can only say it afterwards. */
  readonly ownCause: string | null;
  readonly by: string | null;
  readonly error: string | null;
  readonly vacantMs: number | null;
  /** How many ticks were due while there was no leader; null: the logs have no launch of the new leader. */
  readonly lateTicks: number | null;
  readonly maxLateMs: number | null;
}

/** Collects handoffs from log records in any order. What several replicas log about one handoff is one row. */
export class Handoffs {
  readonly #beginnings = new Map<string, LogRecord>();
  readonly #ends = new Map<string, LogRecord>();
  readonly #launches = new Map<string, LateLaunches>();
  readonly #job: string | undefined;

  /** `job`: counts only the late ticks of this job. */
  constructor(job?: string) {
    this.#job = job;
  }

  add(record: LogRecord): void {
    const { event, term, replica } = record;
    if (typeof term !== "number" || momentOf(record) === null) return;
    if (isEnd(event)) this.#ends.set(keyOf(record, term, replica), record);
    if (isBeginning(event)) {
      // A holder from outside has no `at`, and every replica logs it by its own clock.
      const key = keyOf(record, term, record["at"] ?? record["leader"]);
      if (!this.#beginnings.has(key)) this.#beginnings.set(key, record);
    }
    if (event === "leader.elected") this.#launchesOf(record, term, replica).begin(record);
    if (event === "tick.launched") {
      this.#launchesOf(record, term, replica).add(record, this.#job);
    }
  }

  /** In the order of time. */
  rows(): Handoff[] {
    const begun = [...this.#beginnings.values()];
    const namespaces = Map.groupBy([...begun, ...this.#ends.values()], ({ namespace }) => namespace);
    const open = [...namespaces.values()].flatMap(records => {
      const newest = records.reduce((a, b) => (isNewer(b, a) ? b : a));
      return isEnd(newest["event"]) ? [fieldsOf(newest)] : [];
    });
    const rows = [...begun.map(record => this.#rowOf(record)), ...open];
    return rows.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || Number(a.term) - Number(b.term));
  }

  #rowOf(record: LogRecord): Handoff {
    const term = Number(record["term"]);
    const leader = record["leader"] ?? record["replica"];
    const end = this.#ends.get(keyOf(record, term - 1, record["previous"]));
    const launches = this.#launches.get(keyOf(record, term, leader));
    return {
      ...fieldsOf(record),
      previous: textOf(record["previous"]),
      leader: textOf(leader),
      term,
      ownCause: end === undefined || end["cause"] === record["cause"] ? null : textOf(end["cause"]),
      vacantMs: numberOf(record["vacantMs"]),
      lateTicks: launches?.count ?? null,
      maxLateMs: launches?.maxLateMs ?? null,
    };
  }

  #launchesOf(record: LogRecord, term: number, leader: unknown): LateLaunches {
    const key = keyOf(record, term, leader);
    const known = this.#launches.get(key) ?? new LateLaunches();
    this.#launches.set(key, known);
    return known;
  }
}

/** A row of the end of a term without a successor; that of a beginning is the same with more. */
function fieldsOf(record: LogRecord): Handoff {
  return {
    namespace: textOf(record["namespace"]),
    at: new Date(momentOf(record) ?? 0).toISOString(),
    previous: textOf(record["replica"]),
    leader: null,
    term: null,
    reason: textOf(record["reason"]),
    cause: textOf(record["cause"]),
    ownCause: null,
    by: textOf(record["by"]),
    error: textOf(record["error"]),
    vacantMs: null,
    lateTicks: null,
    maxLateMs: null,
  };
}

/** Whether `a` is about a later moment of leadership than `b`: the end of a term is later than its beginning. */
function isNewer(a: LogRecord, b: LogRecord): boolean {
  const rank = (record: LogRecord) => Number(record["term"]) * 2 + (isEnd(record["event"]) ? 1 : 0);
  return rank(a) > rank(b);
}

function momentOf(record: LogRecord): number | null {
  return instantOf(record["at"]) ?? instantOf(record["time"]);
}

function keyOf({ namespace }: LogRecord, term: number, other: unknown): string {
  return JSON.stringify([namespace, term, other]);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
