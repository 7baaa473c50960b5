import { attempt, readThrown } from "./handlers/thrown.ts";

/** Writes a line of one level. */
export type LogWrite = (fields: object, message: string) => void;

/** The part of a program's own logger that Bellwether needs; every pino from 8 on has it. */
export interface GivenLogger {
  /** A logger whose lines all have these fields. */
  child(bindings: object): GivenLogger;
  readonly debug: LogWrite;
  readonly info: LogWrite;
  readonly warn: LogWrite;
  readonly error: LogWrite;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

export function isLogger(value: unknown): value is GivenLogger {
  const has = (name: string) => typeof (value as Record<string, unknown>)[name] === "function";
  return typeof value === "object" && value !== null && ["child", ...LEVELS].every(has);
}

/**
 * The fields that all lines of a program's pino logger have; none where that cannot be read. pino's own `bindings()` leaves out
 * pid and hostname, which are the fields that most loggers have.
 */
export function boundBy(logger: GivenLogger): Readonly<Record<string, unknown>> {
  const read = () => {
    const symbol = Object.getOwnPropertySymbols(logger).find(
      ({ description }) => description === "pino.chindings",
    );
    const text: unknown = symbol && Reflect.get(logger, symbol);
    return typeof text === "string" ? JSON.parse(`{${text.replace(/^,/, "")}}`) : {};
  };
  return Object(attempt(read));
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
  const guard = <T>(act: () => T, otherwise: T): T => {
    try {
      return act();
    } catch (error) {
      tell(error);
      return otherwise;
    }
  };
  const log = guard(() => parent.child(bindings), parent);
  const writer =
    (level: (typeof LEVELS)[number]): LogWrite =>
    (...line) =>
      guard(() => log[level](...line), undefined);
  const [debug, info, warn, error] = [writer("debug"), writer("info"), writer("warn"), writer("error")];
  return { child: more => guarded(log, more, tell), debug, info, warn, error };
}
