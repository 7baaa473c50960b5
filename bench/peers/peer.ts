import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { createProject, type TestProject } from "../../test/support/project.ts";
import type { Start } from "./run-log.ts";

/** What all contenders of a comparison get to do. */
export interface Load {
  readonly jobs: number;
  /** Five fields, or six with seconds first. */
  readonly expression: string;
  readonly processes: number;
  /** Of each process. */
  readonly concurrency: number;
}

/** A contender that runs: processes of its own, and its server. */
export interface Peer {
  /** What has started so far. */
  starts(): Start[];
  /** When runs of each tick could be taken by a worker, by the server's clock. Null: it does not say. */
  launches(): Promise<readonly Start[] | null>;
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 10_000;

/** The processes of one contender, and the folder into which they write what has started. */
export class PeerProcesses {
  readonly #children: ChildProcess[] = [];
  readonly #scratch: TestProject;

  private constructor(scratch: TestProject) {
    this.#scratch = scratch;
  }

  static async create(): Promise<PeerProcesses> {
    return new PeerProcesses(await createProject({ "out/.keep": "" }));
  }

  /** Starts a script of bench/contenders, and resolves when it says that it is ready. */
  async fork(script: string, args: readonly (string | number)[]): Promise<void> {
    const file = path.resolve(import.meta.dirname, "../contenders", script);
    const child = fork(file, args.map(String), {
      env: this.#env({}),
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#children.push(child);
    const ended = once(child, "exit").then(() => Promise.reject(new Error(`${script} has ended`)));
    ended.catch(() => undefined);
    await Promise.race([once(child, "message"), ended]);
  }

  /** Starts any program of Node's. */
  spawn(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const child = spawn(process.execPath, args, {
      env: this.#env(env),
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(child);
    return child;
  }

  #env(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    return { ...process.env, ...more, BENCH_OUT: path.join(this.#scratch.dir, "out/starts") };
  }

  starts(): Start[] {
    const files = globSync(path.join(this.#scratch.dir, "out/starts.*"));
    const lines = files.flatMap(file => readFileSync(file, "utf8").split("\n").slice(0, -1));
    return lines.map(line => JSON.parse(line) as Start);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map(end));
    await this.#scratch.dispose();
  }
}

/** A process that does not end in time is killed: some wait for a server that was stopped. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(limit);
}
