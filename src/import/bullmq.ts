import { durationText } from "../schedule/duration.ts";
import type { BullEntry, ReadEntry } from "./bullmq-entries.ts";
import { carryOptions } from "./bullmq-options.ts";
import { carryPattern } from "./bullmq-pattern.ts";
import type { ImportedJob, ImportedJobs, ImportNote } from "./imported-jobs.ts";
import { JobNames } from "./job-names.ts";

export interface BullImportOptions {
  readonly queue: string;
  readonly entries: readonly ReadEntry[];
  /** Of patterns that have none: BullMQ reads them in the zone of whichever worker is at it. */
  readonly timezone: string;
  readonly nowMs: number;
  /** Of BullMQ, the major one; null when it is not known. */
  readonly version: number | null;
}

/** Turns the schedules of a BullMQ queue into jobs that do the same. */
export function importBull({ queue, entries, timezone, nowMs, version }: BullImportOptions): ImportedJobs {
  const names = new JobNames();
  const jobs: ImportedJob[] = [];
  const notes: ImportNote[] = [];
  for (const entry of entries) {
    const place = `${queue} ${entry.key}`;
    const end = "problem" in entry ? entry.problem : reasonOfEnd(entry, nowMs);
    if ("problem" in entry || end !== null) notes.push({ place, text: end ?? "", isLost: true });
    else {
      const name = names.take(entry.kind === "scheduler" ? entry.key : entry.name);
      // BullMQ 6 has no repeatable jobs any more.
      jobs.push(
        jobOf(entry, { place, name, version: entry.kind === "scheduler" ? version : LAST_OF_REPEATABLES }),
      );
    }
  }
  notes.push(...notesOnAll(entries, jobs, timezone));
  const queueName = queue.replace(/[^A-Za-z0-9_.-]+/g, "-");
  if (queueName !== queue)
    notes.push({ place: null, text: `queue ${queue} is called ${queueName} here`, isLost: false });
  return {
    head: [
      `Made from BullMQ's queue ${queue} by bellwether import bullmq.`,
      "catchUp and its window are like BullMQ, which runs one overdue job however late it is.",
    ],
    defaults: {
      timezone,
      queue: queueName,
      catchUp: "latest",
      catchUpWindow: "366d",
    },
    jobs,
    notes,
  };
}

/** Why an entry has no future, or null. */
function reasonOfEnd({ endMs, limit, count }: BullEntry, nowMs: number): string | null {
  if (endMs !== null && endMs < nowMs) return `it ended at ${isoOf(endMs)}`;
  if (limit !== null && count !== null && count > limit)
    return `it is over: its limit of ${limit} is reached`;
  return null;
}

const LAST_OF_REPEATABLES = 5;

interface JobContext {
  readonly place: string;
  readonly name: string;
  readonly version: number | null;
}

function jobOf(entry: BullEntry, { place, name, version }: JobContext): ImportedJob {
  const { everyMs, startMs, endMs, limit, count, timezone } = entry;
  const pattern = everyMs === null ? carryPattern(entry.pattern ?? "", version) : null;
  const carried = carryOptions(entry.options);
  const data = dataOf(entry);
  // The run that waits to be due is counted already, and is not taken over.
  const runsLeft = limit === null ? undefined : limit - Math.max(0, (count ?? 1) - 1);
  const definition = {
    cron: pattern?.cron,
    every: everyMs === null ? undefined : durationText(everyMs),
    timezone: pattern === null ? undefined : (timezone ?? undefined),
    // BullMQ runs a pattern only after its start, Bellwether also at it.
    start: startMs === null ? undefined : isoOf(pattern === null ? startMs : startMs + 1),
    end: endMs === null ? undefined : isoOf(endMs),
    maxRuns: runsLeft,
    handler: handlerOf(entry.name),
    data: data.value,
    ...carried.definition,
  };
  const notes = [...(pattern?.notes ?? []), ...phaseNotes(entry), ...data.notes, ...carried.notes];
  if (limit !== null && count === null)
    notes.push(`of its limit of ${limit}, how many have run is not known`);
  return { name, place, source: sourceOf(entry), definition, notes };
}

function sourceOf({ kind, name, pattern, everyMs, limit, count }: BullEntry): string {
  const when = everyMs === null ? `pattern ${pattern}` : `every ${everyMs} ms`;
  const runs = limit === null ? "" : `, limit ${limit}${count === null ? "" : `, ${count - 1} of them run`}`;
  return `${kind === "scheduler" ? "job scheduler" : "repeatable job"} ${name}, ${when}${runs}`;
}

/** BullMQ counts a period from its start; ours begin at the epoch, so that replicas agree without talking. */
function phaseNotes({ everyMs, nextMs }: BullEntry): string[] {
  const phaseMs = everyMs === null ? 0 : nextMs % everyMs;
  if (everyMs === null || phaseMs === 0) return [];
  const shown = durationText(everyMs);
  return [
    `ticks come ${durationText(phaseMs)} earlier than now: at multiples of ${shown} since the epoch, not at ${isoOf(nextMs)} and every ${shown} from there`,
  ];
}

function dataOf({ data, hasTemplate }: BullEntry): { value?: object; notes: readonly string[] } {
  if (!hasTemplate) return { notes: ["its data and options were not found: look into the code"] };
  if (data === null || data === undefined) return { notes: [] };
  if (typeof data !== "object" || Array.isArray(data)) {
    const found = Array.isArray(data) ? "a list" : `a ${typeof data}`;
    return { value: { value: data }, notes: [`its data is ${found}: it is in data.value now`] };
  }
  return Object.keys(data).length === 0 ? { notes: [] } : { value: data, notes: [] };
}

/** BullMQ's name of a job chose what its processor did; here it is the module's path. */
function handlerOf(name: string): string {
  const parts = name
    .split("/")
    .map(part => /[\w@](?:.*[\w@])?/.exec(part.replace(/[^\w.@-]+/g, "-"))?.[0] ?? "");
  return parts.filter(part => part !== "").join("/") || "handler";
}

function notesOnAll(
  entries: readonly ReadEntry[],
  jobs: readonly ImportedJob[],
  timezone: string,
): ImportNote[] {
  const hasJobs = jobs.length > 0;
  const handlers = new Set(jobs.map(({ definition }) => `jobs/${String(definition["handler"])}.ts`));
  const isPlain = (entry: ReadEntry) =>
    "pattern" in entry && entry.pattern !== null && entry.timezone === null;
  const texts = [
    hasJobs && `the work itself is yours to move: the processor's code into ${[...handlers].join(", ")}`,
    entries.some(isPlain) &&
      `patterns without a tz ran in the zone of the workers; ${timezone} is assumed (--timezone)`,
    hasJobs && "immediately is not stored, so whether a schedule also ran at once is not known",
  ].filter(text => text !== false);
  return texts.map(text => ({ place: null, text, isLost: false }));
}

/** What is no time stays a number, which what judges the jobs refuses. */
function isoOf(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString().replace(".000Z", "Z");
}
