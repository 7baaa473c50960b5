import { type Logger, pino } from "pino";
import type { EventName } from "./event-map.ts";
import { EVENT_RULES, type Level } from "./event-rules.ts";
import type { Events } from "./events.ts";
import type { GivenLogger } from "./given-log.ts";
import { withoutInternalFrames } from "./handlers/stack-frames.ts";
import { attempt, readThrown } from "./handlers/thrown.ts";
import { stdoutLines } from "./log-output.ts";

/** One JSON object a line, written to stdout immediately: what was logged before a crash is on record. */
export function createLog(level: Level, bindings: Record<string, unknown> = {}): Logger {
  return pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: serializeError },
    },
    { write: line => stdoutLines.write(shape(line)) },
  );
}

let shape = (line: string): string => line;

/** From now on each line of this process's log is written as `form` returns it; what it makes empty is left out. */
export function formLog(form: (line: string) => string): void {
  shape = form;
}

/** Logs every event from now on. `bound`: what all lines of the log have anyway, which a line of JSON would have twice. */
export function logEvents(
  events: Events,
  log: Pick<Logger, Level> | GivenLogger,
  bound: Readonly<Record<string, unknown>> = {},
): () => void {
  const names = Object.keys(bound);
  return events.subscribe((event, all: object) => {
    // Its text is in the other fields; the rest of an Error may be anything, secrets too.
    const { thrown: _, ...fields } = all as { thrown?: Error } & Record<string, unknown>;
    for (const name of names) if (fields[name] === bound[name]) delete fields[name];
    const rule: { level: unknown; message: string } = EVENT_RULES[event as EventName];
    const level = (typeof rule.level === "function" ? rule.level(all) : rule.level) as Level;
    log[level]({ event, ...fields }, rule.message);
  });
}

/** pino's form of an Error that a handler logs, without the frames that say nothing about the handler. */
function serializeError(error: unknown): unknown {
  const shown: unknown = attempt(() => pino.stdSerializers.err(error as Error)) ?? readThrown(error);
  if (!(attempt(() => error instanceof Error) ?? false)) return shown;
  const { stack } = shown as { stack?: unknown };
  return typeof stack === "string"
    ? Object.assign(shown as object, { stack: withoutInternalFrames(stack) })
    : shown;
}
