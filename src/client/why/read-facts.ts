import type { Redis } from "ioredis";
import type { Job } from "../../config/config.ts";
import { readLeader } from "../../election/leader-record.ts";
import { pausesAt, readControls } from "../../launch/controls.ts";
import { readCursors, readLaunched } from "../../launch/cursors.ts";
import { readDefinitions } from "../../launch/definition.ts";
import { readDropped } from "../../launch/dropped.ts";
import { readClosedEpochs } from "../../launch/epochs.ts";
import { readHistoryPage } from "../../launch/history-page.ts";
import { readPastEpochs } from "../../launch/past-epochs.ts";
import { readQuarantine } from "../../launch/quarantine.ts";
import { type HistoryRow, readHistory } from "../../launch/read-history.ts";
import { readNewestRuns } from "../../launch/unfinished.ts";
import type { RedisKeys } from "../../redis/keys.ts";
import { type ReplicaRecord, readReplicas } from "../../redis/replica-registry.ts";
import { storedNumber } from "../../redis/stored-value.ts";
import { readTimeMs } from "../../redis/time.ts";
import { termsSince } from "../terms.ts";
import type { FactSchedule, WhyFacts } from "./facts.ts";

/** Rows about the same tick: its decision and its backfills. */
const ROWS = 20;
const ACTION_ROWS = 500;
/** A tick a second, and what was asked for beside these. */
const HOUR_ROWS = 4_000;
/** Of the record of terms: what is needed is the one that ended the gap at the instant. */
const TERMS = 10_000;

/** The job as the caller's configuration has it, or null. */
export interface FactQuery {
  readonly name: string;
  readonly configured: Job | null;
  /** Null: the last tick whose time has come. */
  readonly atMs: number | null;
}

/** Reads what an answer about a job rests on, and the instant that it is about. Reads and nothing else. */
export async function readFacts(
  redis: Redis,
  keys: RedisKeys,
  { name, configured, atMs }: FactQuery,
): Promise<{ readonly facts: WhyFacts; readonly atMs: number }> {
  const nowMs = Math.floor(await readTimeMs(redis));
  const [schedules, unknown] = await readSchedules(redis, keys, name, configured);
  const current = schedules.at(-1);
  const askedMs = atMs ?? current?.schedule.previous(nowMs)?.at ?? current?.schedule.next(nowMs)?.at ?? nowMs;
  const [page, history, controls, quarantine, dropped, launched, leader, terms, replicas, floor] =
    await Promise.all([
      readHistoryPage(redis, keys, name, { fromMs: askedMs, toMs: askedMs, limit: ROWS }),
      readHistory(redis, keys, name, ACTION_ROWS),
      readControls(redis, keys),
      readQuarantine(redis, keys),
      readDropped(redis, keys),
      readLaunched(redis, keys, current ? [{ name, maxRuns: current.maxRuns }] : []),
      readLeader(redis, keys),
      termsSince(redis, keys, askedMs, TERMS),
      readReplicas(redis, keys),
      redis.get(keys.generation),
    ]);
  const { pause, past = [] } = pausesAt(controls, name, nowMs);
  const facts: WhyFacts = {
    job: name,
    nowMs,
    schedules,
    unknownSpans: unknown.spans,
    rows: page.rows,
    rowsInHour: await readRowsInHour(redis, keys, name, page.rows),
    actions: history.filter(({ outcome }) => !DECISIONS.has(outcome) && outcome !== "folded"),
    historySinceMs: unknown.sinceMs,
    cursorMs: current?.cursorMs ?? null,
    pause,
    pastPauses: past,
    skips: controls.skips.get(name) ?? [],
    quarantine: quarantine.get(name) ?? null,
    isFinished: current?.maxRuns != null && (launched.get(name) ?? 0) >= current.maxRuns,
    isRemoved: dropped.has(name),
    waitsFor: await readBlocker(redis, keys, name, configured, current),
    leader,
    terms,
    tooOld: leader === null ? tooOldOf(replicas, storedNumber(floor)) : null,
    notes: replicas.flatMap(({ notes }) => notes).toSorted((a, b) => a.atMs - b.atMs),
  };
  return { facts, atMs: askedMs };
}

const DECISIONS: ReadonlySet<string> = new Set(["launched", "skipped", "missed"]);

async function readRowsInHour(redis: Redis, keys: RedisKeys, name: string, rows: readonly HistoryRow[]) {
  const hour = rows.find(({ folded }) => folded !== undefined);
  if (hour?.from === undefined) return 0;
  const asked = { fromMs: Date.parse(hour.from), toMs: Date.parse(hour.tick), limit: HOUR_ROWS };
  const found = (await readHistoryPage(redis, keys, name, asked)).rows;
  return found
    .filter(({ outcome, kind }) => DECISIONS.has(outcome) && kind !== "manual" && kind !== "backfill")
    .reduce((sum, { count = 1 }) => sum + count, 0);
}

async function readSchedules(redis: Redis, keys: RedisKeys, name: string, configured: Job | null) {
  const [definitions, past, closed, [cursor = null]] = await Promise.all([
    readDefinitions(redis, keys, [name]),
    readPastEpochs(redis, keys, name),
    readClosedEpochs(redis, keys),
    readCursors(redis, keys, [name]),
  ]);
  const definition = definitions.get(name);
  const open = new Map(closed.filter(({ job }) => job === name).map(one => [one.untilMs, one.cursor]));
  const before = past.epochs.map((epoch): FactSchedule => {
    return { ...epoch, cursorMs: open.get(epoch.untilMs) ?? epoch.untilMs };
  });
  // What is stored has no names of a calendar's events; the same schedule of the configuration has.
  const isSame = configured?.schedule.fingerprint === definition?.schedule.fingerprint;
  const named = isSame && configured ? { spec: configured.spec, schedule: configured.schedule } : {};
  const inForce = definition === undefined ? configured : { ...definition, ...named };
  const current: FactSchedule[] =
    inForce === null
      ? []
      : [
          {
            ...inForce,
            fromMs: definition?.fromMs ?? Number.NEGATIVE_INFINITY,
            untilMs: Number.POSITIVE_INFINITY,
            cursorMs: cursor,
          },
        ];
  return [[...before, ...current], { spans: past.unknown, sinceMs: past.sinceMs }] as const;
}

/** The run that the job's ticks wait for, where they wait. */
async function readBlocker(
  redis: Redis,
  keys: RedisKeys,
  name: string,
  configured: Job | null,
  current: FactSchedule | undefined,
): Promise<string | null> {
  if (current?.overlap !== "queue") return null;
  const queue = configured?.queue ?? "default";
  const found = await readNewestRuns(redis, keys, [{ name, queue, sharedQueue: configured?.sharedQueue }]);
  const newest = found.get(name);
  return newest?.state === "unfinished" ? newest.run : null;
}

/** Set where replicas that could lead by their role are there, and all of them are older than what has proven itself. */
function tooOldOf(replicas: readonly ReplicaRecord[], proven: number | null): WhyFacts["tooOld"] {
  const generations = replicas
    .filter(({ roles }) => roles.includes("scheduler"))
    .map(({ generation }) => generation);
  if (proven === null || generations.length === 0) return null;
  const found = Math.max(...generations);
  return found < proven ? { found, proven } : null;
}
