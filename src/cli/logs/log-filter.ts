import { parseDuration } from "../../config/schemas/duration.ts";
import { parseInstant } from "../instant.ts";
import type { LogRecord } from "../log-line.ts";
import type { ParsedLine } from "./log-entry.ts";

export interface FilterOptions {
  readonly job?: string;
  /** Names of events with commas between them; `leader.*` is all that begin so. */
  readonly event?: string;
  /** An instant, or how long ago that is: `10m`. */
  readonly since?: string;
}

/** Which lines are wanted. A line that is no record has neither a job nor an event. */
export class LogFilter {
  readonly events: readonly string[] | null;
  readonly #sinceMs: number;
  readonly #job: string | null;

  constructor({ job, event, since }: FilterOptions, nowMs: number) {
    this.#job = job ?? null;
    this.events = event?.split(",").map(name => name.trim()) ?? null;
    this.#sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : instantOf(since, nowMs);
  }

  isSince(atMs: number | null): boolean {
    return (atMs ?? Number.NEGATIVE_INFINITY) >= this.#sinceMs;
  }

  wants({ entry: { atMs }, record }: ParsedLine): boolean {
    return this.isSince(atMs) && this.#isOfJob(record) && this.#isOfEvent(record?.["event"]);
  }

  #isOfJob(record: LogRecord | null): boolean {
    if (this.#job === null) return true;
    const run = record?.["run"];
    return record?.["job"] === this.#job || (typeof run === "string" && run.startsWith(`${this.#job}@`));
  }

  #isOfEvent(event: unknown): boolean {
    if (this.events === null) return true;
    if (typeof event !== "string") return false;
    return this.events.some(name =>
      name.endsWith("*") ? event.startsWith(name.slice(0, -1)) : event === name,
    );
  }
}

function instantOf(since: string, nowMs: number): number {
  const agoMs = parseDuration(since);
  return agoMs === null ? parseInstant("--since", since, "how long ago, like 10m, or ") : nowMs - agoMs;
}
