import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { MAX_BYTES, readBytes } from "./document/files.ts";

/** Two changes within this time may leave the same times on a file; some file systems count in seconds. */
const UNSURE_MS = 3_000;
/** Whatever its times say, a file is read again after this long. */
const RECHECK_MS = 60_000;
/** Read and hashed at a time: some tenths of a millisecond. */
const CHUNK_BYTES = 128 * 1024;

interface KnownFile {
  /** Size, times and identity, by which a change is noticed. */
  readonly state: string;
  readonly digest: string;
  /** Until when the state is believed (epoch ms). */
  readonly untilMs: number;
}

/** Digests of the contents of files. A file that shows no change is not read again. */
export class FileDigests {
  readonly #known = new Map<string, KnownFile>();

  /** The digest of a file's content, or why it cannot be read. */
  async of(file: string): Promise<{ readonly digest: string } | { readonly problem: string }> {
    const known = this.#believed(file, await stat(file, { bigint: true }).catch(() => null));
    if (known !== null) return { digest: known };
    const opened = await openRegular(file);
    // A pipe, a folder, a file that is too large: all of them have their words.
    if (opened === null) return this.#problemOf(file);
    try {
      return { digest: await this.#digestOf(file, opened) };
    } catch {
      return await this.#problemOf(file);
    } finally {
      await opened.close();
    }
  }

  /** Whether the file was read, and was not forgotten since. */
  has(file: string): boolean {
    return this.#known.has(file);
  }

  /** Forgets all other files. */
  keep(files: readonly string[]): void {
    const kept = new Set(files);
    for (const file of this.#known.keys()) if (!kept.has(file)) this.#known.delete(file);
  }

  async #digestOf(file: string, opened: FileHandle): Promise<string> {
    const found = await opened.stat({ bigint: true });
    const nowMs = Date.now();
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await opened.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    const digest = hash.digest("hex");
    const { mtimeMs, ctimeMs } = found;
    const changedMs = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
    // Also when the clock of the file system is ahead of this one.
    const isSure = changedMs < nowMs - UNSURE_MS;
    this.#known.set(file, { state: stateOf(found), digest, untilMs: isSure ? nowMs + RECHECK_MS : 0 });
    return digest;
  }

  /** The digest of a file that has this state, where it need not be read again. */
  #believed(file: string, found: BigIntStats | null): string | null {
    const known = this.#known.get(file);
    if (found === null || known?.state !== stateOf(found) || Date.now() >= known.untilMs) return null;
    return known.digest;
  }

  async #problemOf(file: string): Promise<{ readonly digest: string } | { readonly problem: string }> {
    const read = await readBytes(file);
    if ("problem" in read) return read;
    return { digest: createHash("sha256").update(read.bytes).digest("hex") };
  }
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

async function openRegular(file: string): Promise<FileHandle | null> {
  // A pipe without a writer must not hold up the open.
  const opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (opened === null) return null;
  const found = await opened.stat().catch(() => null);
  if (found?.isFile() && found.size <= MAX_BYTES) return opened;
  await opened.close();
  return null;
}
