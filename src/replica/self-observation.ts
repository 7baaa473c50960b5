import { monitorEventLoopDelay } from "node:perf_hooks";
import { z } from "zod";
import type { EventName } from "../event-map.ts";
import type { Events } from "../events.ts";
import { MANIFEST } from "../manifest.ts";
import type { Observed, RunNote } from "../redis/replica-registry.ts";

/** A timer that fires ten times a second is no load; what it measures is longer than that anyway. */
const RESOLUTION_MS = 100;
const NS_A_MS = 1_000_000;
/** How many runs a replica names. */
const RUNS_SHOWN = 20;
/** How many notes about runs it keeps: some kB in all. */
const NOTES_KEPT = 20;
const NOTE_CHARACTERS = 300;

export interface SelfObservationOptions {
  /** How far the clock of this machine is ahead of Redis's. */
  readonly skewMs: () => number;
  /** The runs whose handlers are at work. */
  readonly running: () => Observed["running"];
  /** Where it reads what becomes of runs. */
  readonly events: Pick<Events, "subscribe">;
  /** By the store's time. */
  readonly nowMs: () => number;
}

/** What a replica says of itself beside its record: measured when it is asked for, and for people only. */
export class SelfObservation {
  readonly #options: SelfObservationOptions;
  readonly #delay = startDelay();
  readonly #notes: RunNote[] = [];
  readonly #unsubscribe: () => void;

  constructor(options: SelfObservationOptions) {
    this.#options = options;
    this.#unsubscribe = options.events.subscribe((name, fields) => {
      if (NOTED.has(name)) this.#note(noted.safeParse(fields).data);
    });
  }

  read(): Observed {
    const { skewMs, running } = this.#options;
    const runs = running().toSorted((a, b) => a.sinceMs - b.sinceMs);
    return {
      version: MANIFEST.version,
      clockSkewMs: skewMs(),
      running: runs.slice(0, RUNS_SHOWN),
      runningCount: runs.length,
      notes: [...this.#notes],
      load: { eventLoopDelayMs: this.#readDelay(), rssBytes: process.memoryUsage.rss() },
    };
  }

  stop(): void {
    this.#delay?.disable();
    this.#unsubscribe();
  }

  #note(found: z.output<typeof noted> | undefined): void {
    if (found === undefined) return;
    const reason = found.reason.slice(0, NOTE_CHARACTERS);
    this.#notes.push({ ...found, reason, atMs: Math.round(this.#options.nowMs()) });
    if (this.#notes.length > NOTES_KEPT) this.#notes.shift();
  }

  /** Since it was read last. */
  #readDelay(): number | null {
    const delay = this.#delay;
    if (delay === null) return null;
    const worst = delay.count === 0 ? RESOLUTION_MS : delay.percentile(99) / NS_A_MS;
    delay.reset();
    return Math.max(0, Math.round(worst - RESOLUTION_MS));
  }
}

/** What becomes of a run without an entry in its job's history. */
const NOTED: ReadonlySet<string> = new Set<EventName>([
  "run.returned",
  "run.lost",
  "run.resultDropped",
  "lock.lost",
]);
const noted = z.object({ run: z.string(), reason: z.string(), reasonCode: z.string() });

/** Null where the runtime does not have it, as Bun. */
function startDelay(): ReturnType<typeof monitorEventLoopDelay> | null {
  try {
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    return delay;
  } catch {
    return null;
  }
}
