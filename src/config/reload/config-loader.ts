import { stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../errors.ts";
import { fileIssue } from "../document/config-issue.ts";
import { findConfigFiles, shownPath } from "../document/files.ts";
import { type LoadOptions, type LoadResult, loadConfig } from "../load.ts";
import { type LoadedBase, unusable } from "./loaded-base.ts";
import { loadInThread, type ThreadOptions } from "./thread-load.ts";

/**
 * From here on files are read in a thread. Reading 64 kB takes some 10 ms, also as YAML; starting a thread takes the machine
 * 150 ms (bench/reload.ts).
 */
const THREAD_BYTES = 64 * 1024;
/** A file system may be away, and a pattern may take forever. The largest files take some tenths of this. */
const LIMIT_MS = 10 * 60_000;

export interface ConfigLoaderOptions extends Partial<ThreadOptions> {
  readonly threadBytes?: number;
}

/**
 * Reads a configuration again and again. The first time the process waits for it. After that a large one is read in a thread
 * of its own: a replica that leads must not notice. Only what has changed comes back, in short stretches, and the other jobs
 * are the same objects as before. The result and the mistakes are those of `loadConfig`.
 */
export class ConfigLoader {
  readonly #options: ConfigLoaderOptions;
  readonly #stopping = new AbortController();
  #base: LoadedBase | null = null;
  /** Of all files, when they were last counted. */
  #bytes = 0;
  /** Where no thread can be started, as in a bundle. */
  #isThreadless = false;

  constructor(options: ConfigLoaderOptions = {}) {
    this.#options = options;
  }

  async load(options: LoadOptions): Promise<LoadResult> {
    const base = this.#base;
    await this.#count(options, base);
    const loaded = base !== null && this.isAside ? await this.#loadBeside(options, base) : null;
    return loaded ?? (await this.#loadHere(options));
  }

  /** Whether the files as they were read last are so large that the next load is in a thread. */
  get isAside(): boolean {
    return !this.#isThreadless && this.#bytes >= (this.#options.threadBytes ?? THREAD_BYTES);
  }

  /** Ends a load that goes on; it rejects with `Aborted`, as do later ones that need a thread. */
  stop(): void {
    this.#stopping.abort();
  }

  async #loadHere(options: LoadOptions): Promise<LoadResult> {
    const result = await loadConfig(options);
    if (result.ok) this.#base = { config: result.config, digests: null, files: result.files };
    return result;
  }

  /** Null where there is no thread. */
  async #loadBeside(options: LoadOptions, base: LoadedBase): Promise<LoadResult | null> {
    const { file = threadFile(), limitMs = LIMIT_MS, resourceLimits } = this.#options;
    if (file === null) return null;
    const thread = { file, limitMs, resourceLimits };
    const loaded = await loadInThread(options, { base, thread, signal: this.#stopping.signal });
    if (loaded.outcome === "unavailable") {
      this.#isThreadless = true;
      return null;
    }
    if (loaded.outcome === "failed") return failed(options, base, loaded.error);
    if (loaded.outcome === "loaded") this.#base = loaded.base;
    return loaded.result;
  }

  async #count({ configDir, config }: LoadOptions, base: LoadedBase | null): Promise<void> {
    this.#bytes = 0;
    if (config !== undefined) return;
    const { settings, jobs } = await findConfigFiles(path.resolve(configDir));
    const files = new Set([...(settings === null ? [] : [settings]), ...jobs, ...(base?.files ?? [])]);
    for (const file of files) this.#bytes += (await stat(file).catch(() => null))?.size ?? 0;
  }
}

/** Beside this file, in the sources as in the package. Null in a bundle, which is one file. */
function threadFile(): URL | null {
  try {
    return new URL(`./load-thread${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);
  } catch {
    return null;
  }
}

/** The replica goes on with what it has. */
function failed({ configDir }: LoadOptions, base: LoadedBase, error: unknown): LoadResult {
  const problem = `the thread that reads the configuration failed, so nothing changed: ${messageOf(error)}; save a file again, or send SIGHUP, to read it again`;
  return unusable(base, [fileIssue(shownPath(path.resolve(configDir)), problem)], base.files);
}
