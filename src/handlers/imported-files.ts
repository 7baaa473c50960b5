import { createHash } from "node:crypto";
import { readFileSync, type Stats, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
// Not by name: an older Node.js without the function could not even say that it is too old (supported-node.ts).
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import { codeOf } from "../errors.ts";
import { OWN_CODE } from "./stack-frames.ts";

/** Contents are compared, as those of the configuration are: watchers of the system end when a mount is swapped. */
const INTERVAL_MS = 1_000;

export interface ImportedFilesOptions {
  readonly clock: Pick<Clock, "sleep">;
  /** Called once, with the absolute paths of the files that are not any more what was imported. */
  readonly changed: (files: readonly string[]) => void;
}

/**
 * Knows which files this process imports: handlers and all that they import, but for packages and Bellwether itself.
 * Node.js imports each file once, so a change has no effect until the next start. A change counts when two checks find
 * the same content: an editor may still be writing at the first one. Bun has no such hooks, so there no change is noticed.
 */
export class ImportedFiles {
  readonly #options: ImportedFilesOptions;
  readonly #task: PeriodicTask;
  readonly #imported = new Map<string, FileContent>();
  #seen = "";
  #hasReported = false;

  /** Files that are imported from now on count. */
  constructor(options: ImportedFilesOptions) {
    this.#options = options;
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: INTERVAL_MS,
      act: () => this.#check(),
    });
    nodeModule.registerHooks?.({
      resolve: (specifier, context, nextResolve) => {
        const resolved = nextResolve(specifier, context);
        this.#note(resolved.url);
        return resolved;
      },
    });
  }

  start(): void {
    this.#task.start();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
  }

  /** Reads the file as the import that follows does, so that no change between the two is missed. */
  #note(url: string): void {
    if (!url.startsWith("file:") || url.startsWith(OWN_CODE) || url.includes("/node_modules/")) return;
    const file = fileURLToPath(url);
    if (this.#imported.has(file)) return;
    try {
      const stamp = stampOf(statSync(file));
      this.#imported.set(file, { stamp, hash: hashOf(readFileSync(file)) });
    } catch {
      // The import will say why it cannot be read.
    }
  }

  /** Does not block: a file system may be away. */
  async #check(): Promise<void> {
    if (this.#hasReported) return;
    const changed: { readonly file: string; readonly hash: string | null }[] = [];
    for (const [file, before] of this.#imported) {
      const { hash } = await contentOf(file, before);
      if (hash !== before.hash) changed.push({ file, hash });
    }
    const seen = JSON.stringify(changed);
    const isStable = seen === this.#seen;
    this.#seen = seen;
    if (changed.length === 0 || !isStable) return;
    this.#hasReported = true;
    this.#options.changed(changed.map(({ file }) => file));
  }
}

interface FileContent {
  readonly stamp: string;
  /** Null for a file that is not there any more. */
  readonly hash: string | null;
}

/** A file with the stamp that is known is not read again. */
async function contentOf(file: string, known: FileContent): Promise<FileContent> {
  try {
    const stamp = stampOf(await stat(file));
    return stamp === known.stamp ? known : { stamp, hash: hashOf(await readFile(file)) };
  } catch (error) {
    // Any other failure, such as a lack of file descriptors, says nothing about the content.
    return codeOf(error) === "ENOENT" ? { stamp: "", hash: null } : known;
  }
}

/** When the file was written last, its size and its inode: the same while the content is. */
function stampOf({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs} ${size} ${ino}`;
}

function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
