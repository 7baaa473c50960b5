import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
// Not by name: an older Node.js without the function could not even say that it is too old (supported-node.ts).
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
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
 * the same content: an editor may still be writing at the first one.
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
      act: async () => this.#check(),
    });
    nodeModule.registerHooks({
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

  #note(url: string): void {
    if (!url.startsWith("file:") || url.startsWith(OWN_CODE) || url.includes("/node_modules/")) return;
    const file = fileURLToPath(url);
    if (!this.#imported.has(file)) this.#imported.set(file, contentOf(file));
  }

  #check(): void {
    if (this.#hasReported) return;
    const now = [...this.#imported].map(([file, before]) => ({
      file,
      before,
      content: contentOf(file, before),
    }));
    const changed = now.filter(({ before, content }) => content.hash !== before.hash);
    const seen = JSON.stringify(changed.map(({ file, content }) => [file, content.hash]));
    const isStable = seen === this.#seen;
    this.#seen = seen;
    if (changed.length === 0 || !isStable) return;
    this.#hasReported = true;
    this.#options.changed(changed.map(({ file }) => file));
  }
}

interface FileContent {
  /** When the file was written last, and its size: the same while the content is. */
  readonly stamp: string;
  /** Null for a file that cannot be read. */
  readonly hash: string | null;
}

/** `known`: not read again while nothing was written. */
function contentOf(file: string, known?: FileContent): FileContent {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (stamp === known?.stamp) return known;
    return { stamp, hash: createHash("sha256").update(readFileSync(file)).digest("hex") };
  } catch {
    return { stamp: "", hash: null };
  }
}
