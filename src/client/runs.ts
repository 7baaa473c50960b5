import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import { readDefinitions } from "../launch/definition.ts";
import { placeOfJob, placeOfQueue, type QueuePlace } from "../launch/queue-place.ts";
import { type HistoryRow, readHistory } from "../launch/read-history.ts";
import { jobOfRun, tickOfRun } from "../launch/run-id.ts";
import { type KeptRun, lookAtRun, type RunState } from "../launch/run-look.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { Cluster } from "./cluster.ts";
import { isoOf } from "./iso.ts";

/** A run, by what BullMQ and its job's history keep. Times are ISO 8601 in UTC; null where nothing is kept (any more). */
export interface RunDetail {
  readonly run: string;
  readonly job: string;
  readonly queue: string;
  readonly kind: HistoryRow["kind"] | null;
  /** Of a manual run, when it was asked for. */
  readonly tick: string | null;
  /** `unknown`: BullMQ does not have it, and its end is not on record. */
  readonly state: RunState;
  /** Oldest first. BullMQ keeps the times and the replica of the newest one only. */
  readonly attempts: readonly RunAttempt[];
  /** From when it was in its queue until its newest attempt began. */
  readonly waitMs: number | null;
  /** Of the attempt that ended it. */
  readonly durationMs: number | null;
  readonly error: string | null;
  /** The newest lines of its log, at most 200. */
  readonly log: readonly string[];
  /** What its handler returned. */
  readonly result: unknown;
  readonly data: unknown;
  /** Data, result and log are withheld: the API does so for viewers. */
  readonly hidden: boolean;
  /** Who asked for it. */
  readonly by: string | null;
}

export interface RunAttempt {
  readonly number: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: string | null;
  readonly replica: string | null;
}

/** The history is searched this far for a run. */
const HISTORY_ROWS = 1_000;

/** Throws BW_RUN_UNKNOWN. */
export function readRun(cluster: Cluster, run: string): Promise<RunDetail> {
  return cluster.read(async (redis, keys) => {
    const { job, place } = await placeOfRun(cluster, redis, keys, run);
    const [kept, rows] = await Promise.all([
      lookAtRun(redis, place, run),
      readHistory(redis, keys, job, HISTORY_ROWS),
    ]);
    const row = rows.find(one => one.run === run);
    if (kept === null && row === undefined) throw new BellwetherError("BW_RUN_UNKNOWN", { run });
    return detailOf(run, job, place, kept, row);
  });
}

/** Names of other keys of BullMQ, as `meta` and `RUN:logs`, are no ids of runs. */
const RUN_ID = /^[^:]+@[^:@]+$/;

/** Where a run is, if it is anywhere: its id names the job, and the job its queue. Throws BW_RUN_UNKNOWN. */
export async function placeOfRun(
  cluster: Cluster,
  redis: Redis,
  keys: RedisKeys,
  run: string,
): Promise<{ readonly job: string; readonly place: QueuePlace }> {
  if (!RUN_ID.test(run)) throw new BellwetherError("BW_RUN_UNKNOWN", { run });
  const job = jobOfRun(run, keys.bullmqPrefix.slice(1, -1));
  const configured = cluster.config?.jobs.find(({ name }) => name === job);
  if (configured !== undefined) return { job, place: placeOfJob(keys, configured) };
  const stored = (await readDefinitions(redis, keys, [job])).get(job);
  return { job, place: placeOfQueue(keys, stored?.queue ?? "default", cluster.config?.queues ?? {}) };
}

function detailOf(
  run: string,
  job: string,
  place: QueuePlace,
  kept: KeptRun | null,
  row: HistoryRow | undefined,
): RunDetail {
  const isEnded = kept === null || kept.state === "completed" || kept.state === "failed";
  const { addedMs = null, startedMs = null, endedMs = null } = kept ?? {};
  return {
    run,
    job,
    queue: place.name,
    kind: row?.kind ?? null,
    tick: row?.tick ?? tickIn(run),
    state: kept?.state ?? stateOf(row),
    attempts: attemptsOf(kept, row),
    waitMs: addedMs === null || startedMs === null ? null : Math.max(0, startedMs - addedMs),
    durationMs:
      (isEnded ? row?.durationMs : undefined) ??
      (startedMs === null || endedMs === null ? null : Math.max(0, endedMs - startedMs)),
    error: kept?.error ?? (isEnded ? (row?.error ?? null) : null),
    log: kept?.log ?? [],
    result: kept?.result ?? null,
    data: kept?.data ?? null,
    hidden: false,
    by: row?.by ?? null,
  };
}

function tickIn(run: string): string | null {
  const atMs = Date.parse(tickOfRun(run));
  return Number.isNaN(atMs) ? null : isoOf(atMs);
}

function stateOf(row: HistoryRow | undefined): RunState {
  const { result = "unknown" } = row ?? {};
  return result;
}

function attemptsOf(kept: KeptRun | null, row: HistoryRow | undefined): RunAttempt[] {
  const isActive = kept?.state === "active";
  const count = (kept?.attempts ?? row?.attempts ?? 0) + (isActive ? 1 : 0);
  const ended = count - (isActive ? 1 : 0);
  const isCompleted = (kept?.state ?? row?.result) === "completed";
  const failures = isCompleted ? ended - 1 : ended;
  const errors = kept?.errors ?? [];
  return Array.from({ length: count }, (_, i) => {
    const isLast = i === count - 1;
    const error = errors[i - (failures - errors.length)] ?? null;
    return {
      number: i + 1,
      startedAt: isLast ? isoOrNull(kept?.startedMs) : null,
      endedAt: isLast && !isActive ? isoOrNull(kept?.endedMs) : null,
      error: i < failures ? (error ?? (isLast ? (row?.error ?? null) : null)) : null,
      replica: isLast ? (kept?.worker ?? row?.replica ?? null) : null,
    };
  });
}

function isoOrNull(atMs: number | null | undefined): string | null {
  return atMs == null ? null : isoOf(atMs);
}
