import type { Redis } from "ioredis";
import { z } from "zod";
import type { RunLog } from "../handlers/handler.ts";
import { attempt, readThrown } from "../handlers/thrown.ts";
import { Script } from "../redis/script.ts";

const APPEND = new Script(z.unknown(), new URL("./job-log.lua", import.meta.url));

/** Of a run, the newest. With the longest lines that is 50 KB a run, for as long as BullMQ keeps it. */
const JOB_LOG_LINES = 100;
const JOB_LOG_CHARACTERS = 500;
const FLUSH_MS = 1_000;

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];
type Entry = readonly [fields: object | string, message?: string];

/** pino's Logger is one. */
export type LeveledLog = RunLog & { isLevelEnabled?(level: Level): boolean };

export interface JobLogOptions {
  readonly redis: Redis;
  /** BullMQ's key of the run. */
  readonly key: string;
}

/**
 * What a handler logs, as dashboards show it beside the run. Lines are collected and written once a second, one write at a time,
 * so a handler that logs much costs no round trip a line. Best effort: what cannot be written is dropped, and nothing waits for it.
 */
export class JobLog {
  readonly #options: JobLogOptions;
  #lines: string[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;

  constructor(options: JobLogOptions) {
    this.#options = options;
  }

  /** The same log, whose lines are kept here as well: those of the levels that it writes. */
  tee(log: LeveledLog): RunLog {
    const methods = LEVELS.map(level => {
      const isKept = log.isLevelEnabled?.(level) ?? true;
      const write = (...entry: Entry) => {
        log[level](...entry);
        if (isKept) this.#add(lineOf(level, entry));
      };
      return [level, write] as const;
    });
    return Object.assign(Object.create(log) as RunLog, Object.fromEntries(methods));
  }

  /** Writes what there is. Does not wait for Redis. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isWriting || this.#lines.length === 0) return;
    const { redis, key } = this.#options;
    const gap = this.#dropped === 0 ? [] : [`… ${this.#dropped} lines before this one are not kept`];
    const lines = [...gap, ...this.#lines];
    this.#lines = [];
    this.#dropped = 0;
    this.#isWriting = true;
    APPEND.run(redis, [key, `${key}:logs`], [JOB_LOG_LINES, ...lines])
      .catch(() => undefined)
      .finally(() => {
        this.#isWriting = false;
        if (this.#lines.length > 0) this.flush();
      });
  }

  #add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > JOB_LOG_LINES) {
      this.#lines.shift();
      this.#dropped++;
    }
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }
}

function lineOf(level: Level, [fields, message]: Entry): string {
  const said = typeof fields === "string" ? fields : (message ?? "");
  const shown =
    typeof fields === "string" ? "" : (attempt(() => textOf(fields)) ?? readThrown(fields).message);
  const line = [new Date().toISOString(), level, said, shown].filter(part => part !== "").join(" ");
  return line.length <= JOB_LOG_CHARACTERS ? line : `${line.slice(0, JOB_LOG_CHARACTERS)}…`;
}

function textOf(fields: object): string {
  if (fields instanceof Error) return fields.message;
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value));
}
