import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

interface Message {
  readonly elected?: string;
  readonly observed?: string;
  readonly term?: number;
  readonly cpuMs?: number;
}

const PROCESSES = 10;

/** Many contenders in a few processes. */
export class Group {
  readonly #start: (count: number) => ChildProcess;
  readonly #children = new Map<ChildProcess, number>();
  readonly #waiting = new Set<(message: Message, child: ChildProcess) => void>();
  /** Those that have joined, by process. */
  readonly #joined = new Map<ChildProcess, Set<string>>();
  #leader: { readonly child: ChildProcess; readonly term: number } | null = null;

  constructor(script: string, count: number, args: readonly string[]) {
    this.#start = share => {
      const child = fork(path.resolve(import.meta.dirname, script), [String(share), ...args]);
      this.#children.set(child, share);
      this.#joined.set(child, new Set());
      child.on("message", (message: Message) => this.#take(message, child));
      return child;
    };
    const processes = Math.min(PROCESSES, count);
    for (let i = 0; i < processes; i++) this.#start(Math.floor((count + i) / processes));
  }

  #take(message: Message, child: ChildProcess): void {
    const { elected, observed, term = 0 } = message;
    const id = elected ?? observed;
    if (id !== undefined) this.#joined.get(child)?.add(id);
    if (elected !== undefined && term > (this.#leader?.term ?? 0)) this.#leader = { child, term };
    for (const take of this.#waiting) take(message, child);
  }

  #until(isIt: (message: Message, child: ChildProcess) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const take = (message: Message, child: ChildProcess) => {
      if (!isIt(message, child)) return;
      this.#waiting.delete(take);
      resolve();
    };
    this.#waiting.add(take);
    return promise;
  }

  /** Resolves when all of them work, or know who leads. */
  async ready(): Promise<void> {
    const areAll = () =>
      [...this.#children].every(([child, share]) => (this.#joined.get(child)?.size ?? 0) >= share);
    if (!areAll()) await this.#until(areAll);
  }

  /** CPU time of all processes so far. */
  async cpuMs(): Promise<number> {
    let sum = 0;
    for (const child of this.#children.keys()) {
      const answered = this.#until(({ cpuMs }, from) => {
        if (from === child) sum += cpuMs ?? 0;
        return from === child && cpuMs !== undefined;
      });
      child.send("usage");
      await answered;
    }
    return sum;
  }

  /** Kills the process of the leader (SIGKILL), and resolves with how long there was no other one. Starts it again. */
  async killLeader(): Promise<number> {
    const { child, term } = this.#leader ?? {};
    if (child === undefined || term === undefined) throw new Error("there is no leader");
    const share = this.#children.get(child) ?? 0;
    const next = this.#until(message => message.elected !== undefined && (message.term ?? 0) > term);
    const killedMs = performance.now();
    child.kill("SIGKILL");
    await next;
    const tookMs = performance.now() - killedMs;
    this.#children.delete(child);
    this.#joined.delete(child);
    this.#start(share);
    await this.ready();
    return tookMs;
  }

  async stop(): Promise<void> {
    for (const child of this.#children.keys()) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
      child.kill("SIGKILL");
      await ended;
    }
    this.#children.clear();
  }
}
