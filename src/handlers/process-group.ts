import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { settlesWithin } from "../clock/within.ts";
import { codeOf } from "../errors.ts";

export interface ProcessGroupOptions {
  readonly argv: readonly string[];
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: string;
  readonly signal: AbortSignal;
  /** From SIGTERM to SIGKILL, after the signal has aborted. */
  readonly graceMs: number;
  onOutput(stream: OutputStream, chunk: Buffer): void;
}

export type OutputStream = "stdout" | "stderr";

export interface ProcessEnd {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Only what left the group can still hold the pipes open when the group is dead; its output is not waited for. */
const DRAIN_LIMIT_MS = 500;

/** The groups that run now, by their id, which is the pid of their first process. */
const groups = new Set<number>();

/**
 * Runs a program as the head of a process group of its own, to its end. Then nothing of the group is left: what the
 * program started and did not wait for is killed. (A process that leaves the group, as daemons do, escapes.)
 *
 *     running ──ends──▶ over: SIGKILL to what is left
 *        │ signal aborts: SIGTERM to the group
 *        ▼
 *     stopping ──ends, or the grace is over: SIGKILL──▶ over
 *
 * Rejects with the system's error when the program cannot be started.
 */
export async function runProcessGroup(options: ProcessGroupOptions): Promise<ProcessEnd> {
  const { argv, cwd, env, stdin, signal, graceMs, onOutput } = options;
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { cwd: cwd ?? undefined, env, detached: true, stdio: "pipe" });
  // Without a file descriptor for its pipes there are no streams either.
  if (child.pid === undefined) throw await failureOf(child);
  child.stdout.on("data", (chunk: Buffer) => onOutput("stdout", chunk));
  child.stderr.on("data", (chunk: Buffer) => onOutput("stderr", chunk));
  // A program need not read what it is given.
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);

  const closed = once(child, "close");
  closed.catch(() => undefined);
  const end = await endOf(child.pid, child, signal, graceMs);
  if (!(await settlesWithin(closed, DRAIN_LIMIT_MS))) {
    child.stdout.destroy();
    child.stderr.destroy();
  }
  return end;
}

async function endOf(
  pid: number,
  child: ChildProcess,
  signal: AbortSignal,
  graceMs: number,
): Promise<ProcessEnd> {
  track(pid);
  let killTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(pid, "SIGTERM");
    killTimer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
  };
  const over = Promise.withResolvers<ProcessEnd>();
  child.once("exit", (code, signalName) => {
    // Immediately, while the id cannot yet belong to another process.
    signalGroup(pid, "SIGKILL");
    groups.delete(pid);
    over.resolve({ code, signal: signalName });
  });
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    return await over.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(killTimer);
  }
}

async function failureOf(child: ChildProcess): Promise<unknown> {
  const [error] = await once(child, "error");
  return error;
}

let isWatchingExit = false;

/** This process may end while groups run, on a second Ctrl-C for example: they end with it. */
function track(pid: number): void {
  groups.add(pid);
  if (isWatchingExit) return;
  isWatchingExit = true;
  process.once("exit", () => {
    for (const group of groups) signalGroup(group, "SIGKILL");
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: no process is left. EPERM: on macOS, the same of a group of zombies.
    const code = codeOf(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
