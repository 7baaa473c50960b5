import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
/** What a checkout has besides its files, and what a copy can share with it. */
const SHARED = ["node_modules", ".cache"];
/** A mutant that never comes to an end is noticed too. */
const LIMIT_MS = 300_000;

/** How the tests ended; `noTests`: nothing was run, which proves nothing. */
export type TestsEnd = "passed" | "failed" | "timed out" | "no tests";

/** A copy of the checkout's files in which a mutant can do no harm. */
export class Sandbox {
  readonly #folder: string;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "bellwether-mutant-"));
    const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    for (const file of files.split("\0").filter(file => file !== "" && existsSync(join(ROOT, file)))) {
      mkdirSync(dirname(join(this.#folder, file)), { recursive: true });
      cpSync(join(ROOT, file), join(this.#folder, file));
    }
    for (const name of SHARED) {
      if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(this.#folder, name));
    }
  }

  read(file: string): Promise<string> {
    return readFile(join(this.#folder, file), "utf8");
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.#folder, file), text);
  }

  /** Runs test files, and stops at the first test that fails. */
  async test(files: readonly string[]): Promise<TestsEnd> {
    const missing = files.filter(file => !existsSync(join(this.#folder, file)));
    if (files.length === 0 || missing.length > 0) return "no tests";
    const child = spawn(
      process.execPath,
      [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--bail=1", "--maxWorkers=1", ...files],
      { cwd: this.#folder, stdio: "ignore", detached: true, env: { ...process.env, NO_COLOR: "1" } },
    );
    const ended = Promise.withResolvers<number | null>();
    child.once("exit", code => ended.resolve(code));
    child.once("error", error => ended.reject(error));
    const timer = setTimeout(() => killGroup(child.pid), LIMIT_MS);
    const code = await ended.promise;
    clearTimeout(timer);
    // A test that was cut short may have left servers behind: they are in its group.
    killGroup(child.pid);
    if (code === null) return "timed out";
    return code === 0 ? "passed" : "failed";
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
