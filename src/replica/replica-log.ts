import type { Level } from "../event-rules.ts";
import type { Events } from "../events.ts";
import { boundBy, type GivenLogger, guardLogger } from "../given-log.ts";
import { createLog, logEvents } from "../log.ts";
import { stdoutLines } from "../log-output.ts";

/** Where a replica's log goes: to stdout, nowhere, or to the program's own logger. */
export type LogTarget = "stdout" | "none" | GivenLogger;

/** The log of one replica. */
export interface ReplicaLog {
  /** Handlers log through its children. */
  readonly lines: GivenLogger;
  /** Lines that could not be written, since the process started. */
  readonly output: { readonly dropped: number };
  /** Of the configuration; the program's own logger keeps its own. */
  setLevel(level: Level): void;
  /** Logs every event from now on. Returns the function that ends that. */
  follow(events: Events): () => void;
}

export function openLog(target: LogTarget, level: Level, bindings: object): ReplicaLog {
  if (typeof target === "object") {
    const lines = guardLogger(target, bindings);
    return {
      lines,
      output: { dropped: 0 },
      setLevel: () => undefined,
      follow: events => logEvents(events, lines, boundBy(target)),
    };
  }
  const own = createLog(level, { ...bindings });
  return {
    lines: own,
    output: stdoutLines,
    setLevel: changed => {
      own.level = changed;
    },
    follow: events => {
      if (target === "none") return () => undefined;
      const ends = [logEvents(events, own), stdoutLines.onGap(gap => events.emit("log.recovered", gap))];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
