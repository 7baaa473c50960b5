import { readThrown } from "./handlers/thrown.ts";

type Write = (fields: object, message: string) => void;

/** The part of a program's own logger that Bellwether needs; every pino from 8 on has it. */
export interface GivenLogger {
  child(bindings: object): GivenLogger;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

export function isLogger(value: unknown): value is GivenLogger {
  const has = (name: string) => typeof (value as Record<string, unknown>)[name] === "function";
  return typeof value === "object" && value !== null && ["child", ...LEVELS].every(has);
}

/**
 * A child of a program's logger. When that throws, the line is lost, and neither a run nor the replica fails. The first
 * failure is reported on standard error.
 */
export function guardLogger(logger: GivenLogger, bindings: object): GivenLogger {
  let isTold = false;
  const tell = (error: unknown) => {
    if (!isTold)
      process.stderr.write(`the logger given to Bellwether failed: ${readThrown(error).message}\n`);
    isTold = true;
  };
  return guarded(logger, bindings, tell);
}

function guarded(parent: GivenLogger, bindings: object, tell: (error: unknown) => void): GivenLogger {
  const attempt = <T>(act: () => T, otherwise: T): T => {
    try {
      return act();
    } catch (error) {
      tell(error);
      return otherwise;
    }
  };
  const log = attempt(() => parent.child(bindings), parent);
  const writer =
    (level: (typeof LEVELS)[number]): Write =>
    (...line) =>
      attempt(() => log[level](...line), undefined);
  const [debug, info, warn, error] = [writer("debug"), writer("info"), writer("warn"), writer("error")];
  return { child: more => guarded(log, more, tell), debug, info, warn, error };
}
