import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { sleep } from "../../clock/sleep.ts";
import { settlesWithin } from "../../clock/within.ts";
import { PARENT_VARIABLE } from "./parent.ts";

export interface ReplicaProcessOptions {
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly onStart: (pid: number) => void;
  /** Each line of its stdout and stderr. */
  readonly onLine: (line: string) => void;
  /** It ended without being asked to, and starts again in `restartInMs`. */
  readonly onDeath: (end: ProcessEnd, restartInMs: number) => void;
}

export interface ProcessEnd {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `misconfigured`: its first start ended with 2, so others would as well. */
export type ReplicaOutcome = "stopped" | "misconfigured";

/**
 * One replica as a child process, started again whenever it dies:
 *
 *     running ──dies──▶ waiting ──▶ running
 *        └─ exit code 2 at the first start ─▶ misconfigured; stop() ─▶ stopped, from anywhere
 *
 * A configuration that was broken later is no reason to end: the other replicas go on with the one that they have.
 */
export class ReplicaProcess {
  readonly #options: ReplicaProcessOptions;
  readonly #stopping = new AbortController();
  #isRestarting = false;
  #child: ChildProcess | null = null;

  constructor(options: ReplicaProcessOptions) {
    this.#options = options;
  }

  /** Resolves when the process has ended for good. */
  async run(): Promise<ReplicaOutcome> {
    let quickDeaths = 0;
    for (let isFirst = true; !this.#stopping.signal.aborted; isFirst = false) {
      const startedAtMs = performance.now();
      const end = await this.#runOnce();
      if (this.#stopping.signal.aborted) break;
      const isRestart = this.#isRestarting;
      this.#isRestarting = false;
      if (isRestart) continue;
      if (isFirst && end.code === EXIT_MISCONFIGURED) return "misconfigured";
      quickDeaths = performance.now() - startedAtMs < QUICK_DEATH_MS ? quickDeaths + 1 : 0;
      const delayMs = restartDelayMs(quickDeaths);
      this.#options.onDeath(end, delayMs);
      await sleep(delayMs, this.#stopping.signal);
    }
    return "stopped";
  }

  /** Asks the process to end, and starts it no more. `run()` resolves when it has ended. Safe to call twice. */
  stop(): void {
    this.#stopping.abort();
    this.#askToEnd();
  }

  /** Asks the process to end, and starts it again then. One that has died starts again anyway. */
  restart(): void {
    this.#isRestarting = this.#child !== null;
    this.#askToEnd();
  }

  /** Sends a signal to the process, if it runs. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the process and whatever it started, now. */
  kill(): void {
    this.#stopping.abort();
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group has exited already.
    }
  }

  #askToEnd(): void {
    this.#child?.kill("SIGTERM");
    // One that was frozen to see what happens has to wake up to end.
    this.#child?.kill("SIGCONT");
  }

  async #runOnce(): Promise<ProcessEnd> {
    const { command, env, onStart, onLine } = this.#options;
    const [program, ...args] = command;
    const child = spawn(program, args, {
      // A process group of its own: a terminal's Ctrl-C reaches `dev` alone, which stops its replicas in order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...env, [PARENT_VARIABLE]: "1" },
    });
    this.#child = child;
    const pid = child.pid ?? -1;
    if (child.pid !== undefined) onStart(pid);
    const outputs = [child.stdout, child.stderr].map(async input => {
      if (input) for await (const line of createInterface({ input })) onLine(line);
    });
    const end = await new Promise<ProcessEnd>(resolve => {
      child.once("exit", (code, signal) => resolve({ pid, code, signal }));
      child.once("error", error => {
        onLine(`cannot start: ${error.message}`);
        resolve({ pid, code: 1, signal: null });
      });
    });
    this.#child = null;
    // Its last lines; waits briefly, because a process that it started may hold the pipes open.
    await settlesWithin(Promise.all(outputs), LAST_LINES_MS);
    return end;
  }
}

const EXIT_MISCONFIGURED = 2;
const QUICK_DEATH_MS = 10_000;
const LAST_LINES_MS = 500;

/** Half a second, doubled with each death soon after a start, up to ten seconds. */
function restartDelayMs(quickDeaths: number): number {
  return Math.min(500 * 2 ** Math.max(0, quickDeaths - 1), 10_000);
}
