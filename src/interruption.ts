/**
 * Signals from the first moment of the process on. `main.ts` imports this before everything else, because a signal
 * without a listener is lost when the process is the first one of its container (PID 1).
 *
 * Until a command takes a signal over (`onSignal`), SIGTERM and SIGINT end a replica that has not started with exit code
 * 0. Other commands end as a program without listeners does.
 */
import { readFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { endProcess } from "./process-end.ts";

type Listener = (signal: NodeJS.Signals) => void;

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Handled = keyof typeof EXIT_CODES;

const early = new Map<Handled, Listener>();

const missed = process.pid === 1 ? missedSignal() : null;
if (process.argv[2] === "run") {
  for (const signal of ["SIGTERM", "SIGINT"] as const) takeFirst(signal, endReplica);
  // A replica that starts reads its configuration anyway.
  takeFirst("SIGHUP", () => undefined);
} else if (process.pid === 1) {
  for (const signal of Object.keys(EXIT_CODES) as Handled[]) {
    takeFirst(signal, endCommand);
  }
}
if (missed !== null) early.get(missed)?.(missed);

/**
 * A signal that came while Node.js itself started, before any line of ours. Node.js listens to SIGTERM and SIGINT until
 * the first one, which is to end the process. The first process of a container goes on all the same, without that listener.
 */
function missedSignal(): Handled | null {
  // What is preloaded may have listened, and have stopped that.
  const options = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  if (
    process.platform !== "linux" ||
    /(^|\s)(-r|--require|--import|--(experimental-)?loader)\b/.test(options)
  )
    return null;
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(ownStatus())?.[1];
  if (caught === undefined) return null;
  const isCaught = (signal: number) => (BigInt(`0x${caught}`) >> BigInt(signal - 1)) % 2n === 1n;
  if (!isCaught(constants.signals.SIGTERM)) return "SIGTERM";
  return isCaught(constants.signals.SIGINT) ? null : "SIGINT";
}

function ownStatus(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    // Without /proc there is no way to know.
    return "";
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

/** A line for where the log would go: the code that writes the log may not have been loaded yet. */
function endReplica(signal: NodeJS.Signals): void {
  const phase = "loading the configuration";
  const msg = "stopped before the replica had started";
  const line = {
    level: "info",
    time: new Date().toISOString(),
    event: "replica.interrupted",
    reason: signal,
    phase,
    msg,
  };
  const [, form = isatty(1) ? "text" : "json"] =
    /\s--log[= ](json|text)\b/.exec(process.argv.join(" ")) ?? [];
  try {
    writeSync(1, `${form === "json" ? JSON.stringify(line) : `${msg} (${signal}, while ${phase})`}\n`);
  } catch {
    // The end does not depend on the log.
  }
  endProcess(0, 0);
}

function endCommand(signal: NodeJS.Signals): void {
  endProcess(EXIT_CODES[signal as Handled], 0);
}
