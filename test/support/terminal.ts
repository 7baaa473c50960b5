import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "vitest";
import { plainEnvironment } from "./command.ts";
import type { TestProject } from "./project.ts";

/** A shell's line on a pseudo terminal, which `script` makes: what it shows, and the keys that a person presses. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  output = "";
  #hasEnded = false;

  /** Runs a line of a shell on a terminal. */
  constructor(
    { onTestFailed, onTestFinished }: TestContext,
    line: string,
    project: TestProject,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn("script", ["-qefc", line, "/dev/null"], {
      cwd: project.dir,
      env: plainEnvironment({ NO_COLOR: "1", SHELL: "/bin/sh", TMPDIR: project.dir, ...env }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.output += text.replaceAll("\r", "");
      this.#notify();
    });
    this.#closed = once(this.#child, "close").then(() => {
      this.#hasEnded = true;
      this.#notify();
    });
    onTestFailed(() => console.log(this.output));
    onTestFinished(async () => {
      this.#child.stdin?.end();
      if (!this.#hasEnded) this.#child.kill("SIGKILL");
      await this.#closed;
    });
  }

  press(key: string): void {
    this.#child.stdin?.write(key);
  }

  /** Resolves with the first match of the output from `from` on. */
  when(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = pattern.exec(this.output.slice(from));
        if (!found && !this.#hasEnded) return;
        this.#waiting.delete(check);
        if (found) resolve(found);
        else reject(new Error(`ended without ${pattern}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  #notify(): void {
    for (const check of [...this.#waiting]) check();
  }
}
