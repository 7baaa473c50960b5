/**
 * Signals from the first moment of the process on. `main.ts` imports this before everything else, because a signal
 * without a listener is lost when the process is the first one of its container (PID 1).
 *
 * Until a command takes a signal over (`onSignal`), SIGTERM and SIGINT end a replica that has not started with exit code
 * 0. Other commands end as a program without listeners does.
 */
import { writeSync } from "node:fs";

type Listener = (signal: NodeJS.Signals) => void;

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Handled = keyof typeof EXIT_CODES;

const early = new Map<Handled, Listener>();

if (process.argv[2] === "run") {
  for (const signal of ["SIGTERM", "SIGINT"] as const) takeFirst(signal, endReplica);
  // A replica that starts reads its configuration anyway.
  takeFirst("SIGHUP", () => undefined);
} else if (process.pid === 1) {
  for (const signal of Object.keys(EXIT_CODES) as Handled[]) {
    takeFirst(signal, () => process.exit(EXIT_CODES[signal]));
  }
}

function takeFirst(signal: Handled, listener: Listener): void {
  early.set(signal, listener);
  process.on(signal, listener);
}

/** Calls the listener with each such signal from now on, in place of what happens before a command has started. */
export function onSignal(signal: Handled, listener: Listener): void {
  process.on(signal, listener);
  const first = early.get(signal);
  if (first) process.off(signal, first);
  early.delete(signal);
}

/** A line like those of the log, which may not have been loaded yet. */
function endReplica(signal: NodeJS.Signals): void {
  const line = {
    level: "info",
    time: new Date().toISOString(),
    ...{ event: "replica.interrupted", reason: signal, phase: "loading the configuration" },
    msg: "stopped before the replica had started",
  };
  try {
    writeSync(1, `${JSON.stringify(line)}\n`);
  } catch {
    // The end does not depend on the log.
  }
  process.exit(0);
}
