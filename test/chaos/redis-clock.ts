import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("redis-clock.c", import.meta.url));
const OFFSET_BYTES = 8;

/** The wall clock of a server, which can be set while it runs. */
export class RedisClock {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Null where there is no C compiler. */
  static async create(): Promise<RedisClock | null> {
    if (!hasCompiler()) return null;
    const clock = new RedisClock(await mkdtemp(path.join(tmpdir(), "bellwether-clock-")));
    execFileSync("cc", ["-O2", "-shared", "-fPIC", "-o", clock.#library, SOURCE]);
    await writeFile(clock.#file, offsetOf(0));
    return clock;
  }

  /** What the server is started with. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: this.#library, CHAOS_CLOCK_FILE: this.#file };
  }

  /** How far it is ahead from now on. The server has mapped the file, so it is written in place. */
  async set(aheadMs: number): Promise<void> {
    const file = await open(this.#file, "r+");
    await file.write(offsetOf(aheadMs), 0, OFFSET_BYTES, 0);
    await file.close();
  }

  async dispose(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }

  get #library(): string {
    return path.join(this.#dir, "clock.so");
  }

  get #file(): string {
    return path.join(this.#dir, "offset");
  }
}

function offsetOf(aheadMs: number): Buffer {
  const offset = Buffer.alloc(OFFSET_BYTES);
  offset.writeBigInt64LE(BigInt(aheadMs) * 1_000n);
  return offset;
}

export function hasCompiler(): boolean {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
