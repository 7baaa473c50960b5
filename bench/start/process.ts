import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { processUse } from "../support/process-use.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const LIMIT_MS = 10 * 60_000;
const STOP_LIMIT_MS = 10_000;

/** Before the first `SchedulerProcess`. */
export function buildPackage(): void {
  execFileSync(process.execPath, [`${ROOT}/scripts/build.mjs`], { cwd: ROOT, stdio: "inherit" });
}

/** What a replica's log has said, by this process's clock (ms since the replica's start). */
export interface Seen {
  readonly event: string;
  readonly afterMs: number;
  /** CPU time of the replica by then. */
  readonly cpuMs: number;
}

/** A replica of the scheduler's role in a process of its own, from the built package as it is installed (`buildPackage`). */
export class SchedulerProcess {
  readonly beganMs = performance.now();
  readonly #child: ChildProcess;
  readonly #seen: Seen[] = [];
  readonly #changed = new EventTarget();

  constructor(configDir: string, url: string) {
    this.#child = spawn(
      process.execPath,
      [`${ROOT}/dist/main.js`, "run", "--roles", "scheduler", "--config", configDir, "--log", "json"],
      { env: { ...process.env, REDIS_URL: url }, stdio: ["ignore", "pipe", "inherit"] },
    );
    if (this.#child.stdout === null) throw new Error("it has no output");
    createInterface({ input: this.#child.stdout }).on("line", line => {
      const { event = "" } = JSON.parse(line) as { event?: string };
      if (event === "tick.missed") return;
      this.#seen.push({ event, afterMs: performance.now() - this.beganMs, cpuMs: this.use().cpuMs });
      this.#changed.dispatchEvent(new Event("line"));
    });
    this.#child.once("exit", () => this.#changed.dispatchEvent(new Event("line")));
  }

  use() {
    return processUse(this.#child.pid ?? 0);
  }

  /** The first of these events after that time. Rejects when the process ends before. */
  async first(event: string, afterMs = 0): Promise<Seen> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const found = this.#seen.find(one => one.event === event && one.afterMs >= afterMs);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`the process has ended before ${event}`);
      await Promise.race([once(this.#changed, "line"), once(limit, "abort")]);
      if (limit.aborted) throw new Error(`no ${event} in time`);
    }
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await Promise.race([once(this.#child, "exit"), sleep(STOP_LIMIT_MS)]);
    await this.kill();
  }
}
