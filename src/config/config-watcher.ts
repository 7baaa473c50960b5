import { createHash } from "node:crypto";
import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import { messageOf } from "../errors.ts";
import type { Config } from "./config.ts";
import { findConfigFiles } from "./document/files.ts";
import { FileDigests } from "./file-digests.ts";
import { formatIssue, type LoadResult } from "./load.ts";

/** A ConfigMap's files change by a swap of a symbolic link, after which file watchers are dead: so contents are compared. */
const INTERVAL_MS = 1_000;

/** In the words of files.ts, and in those of Node.js. */
const SHORTAGE = /\((?:EMFILE|ENFILE)\)|\b(?:EMFILE|ENFILE): /;

export interface ConfigWatcherOptions {
  readonly configDir: string;
  readonly clock: Pick<Clock, "sleep">;
  readonly load: () => Promise<LoadResult>;
  /** Whether a load takes long and holds nothing up: then it begins at the first check that finds a change. */
  readonly isLoadedAside?: () => boolean;
  /** Applies a configuration that is valid in itself, or returns the obstacles. */
  readonly apply: (config: Config) => Promise<readonly string[]>;
  /** Called with the mistakes of a change that is refused, once for each content. */
  readonly reject: (mistakes: readonly string[]) => void;
  /**
   * Gets the reason, once until a check succeeds, when the files cannot be read: this is no fault of the configuration.
   */
  readonly blind?: (problem: string) => void;
  /** Called when the files are again what was applied last, after a change that was refused. */
  readonly resolve?: () => void;
}

/**
 * Notices that the configuration has changed, and applies it whole or not at all. A change counts when two checks, a
 * second apart, find the same content: an editor or a copy may still be writing at the first one.
 */
export class ConfigWatcher {
  readonly #options: ConfigWatcherOptions;
  readonly #task: PeriodicTask;
  #applied: string | null = null;
  #refused: string | null = null;
  #seen: string | null = null;
  #isBlind = false;
  readonly #digests = new FileDigests();
  /** What the configuration was read from last: more than is found by names, such as calendars and secrets. */
  #files: readonly string[] = [];
  /** A load that began before it was certain that the change counts. */
  #early: { readonly found: string; readonly result: Promise<LoadResult> } | null = null;
  #busy: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: ConfigWatcherOptions) {
    this.#options = options;
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: INTERVAL_MS,
      act: () => this.#alone(() => this.#look()),
    });
  }

  /** The configuration to begin with. */
  async first(): Promise<LoadResult> {
    const before = await this.#fingerprint([]);
    const result = await this.#options.load();
    // Where it changed while it was read, the first check reads it again.
    const after = await this.#fingerprint([]);
    this.#files = result.files;
    // A file that has just been written is read again each time.
    const isWhole = result.files.every(file => this.#digests.has(file));
    if (before === after) this.#applied = isWhole ? after : await this.#fingerprint();
    return result;
  }

  start(): void {
    this.#task.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#task.stop();
    await this.#busy;
  }

  /** Reads the configuration now, changed or not. */
  reload(): Promise<void> {
    return this.#alone(async () => {
      const found = await this.#fingerprint();
      if (found !== null) await this.#take(found);
    });
  }

  async #look(): Promise<void> {
    const found = await this.#fingerprint();
    if (found === null) return;
    this.#isBlind = false;
    const isStable = found === this.#seen;
    this.#seen = found;
    if (found === this.#applied) {
      this.#early = null;
      if (this.#refused === null || !isStable) return;
      this.#refused = null;
      this.#options.resolve?.();
    } else if (found !== this.#refused) {
      if (isStable) await this.#take(found);
      else if (this.#early === null && this.#options.isLoadedAside?.()) this.#begin(found);
    }
  }

  #begin(found: string): void {
    const result = this.#options.load();
    result.catch(() => undefined);
    this.#early = { found, result };
  }

  /** What the files hold, as the last fingerprint found them. */
  async #load(found: string): Promise<LoadResult> {
    const early = this.#early;
    this.#early = null;
    if (early?.found === found) return early.result;
    // Not two at a time.
    await early?.result.catch(() => undefined);
    return this.#options.load();
  }

  async #take(found: string): Promise<void> {
    const { apply, reject } = this.#options;
    const result = await this.#load(found).catch((error: unknown) => {
      if (this.#isStopped) return null;
      throw error;
    });
    if (result === null) return;
    // With the files that it names now, which may be others than before.
    const taken = await this.#fingerprint(result.files);
    // It changed while it was read: the next look sees something new.
    if ((await this.#fingerprint()) !== found) return;
    this.#files = result.files;
    const mistakes = result.ok ? await apply(result.config).catch(explain) : result.issues.map(formatIssue);
    if (mistakes.some(issue => this.#isShortage(issue))) return;
    if (mistakes.length === 0) {
      this.#applied = taken;
      this.#refused = null;
      return;
    }
    this.#refused = taken;
    reject(mistakes);
  }

  /** Whether it says that the system has too little to read files; reported once. */
  #isShortage(problem: string): boolean {
    if (!SHORTAGE.test(problem)) return false;
    if (!this.#isBlind) this.#options.blind?.(problem);
    this.#isBlind = true;
    return true;
  }

  /** Equal for equal contents; a file that cannot be read counts with the reason. Null when nothing can be read now. */
  async #fingerprint(more: readonly string[] = this.#files): Promise<string | null> {
    const { settings, jobs, issues } = await findConfigFiles(this.#options.configDir);
    if (issues.some(issue => this.#isShortage(issue.problem))) return null;
    const files = [...new Set([settings ?? "", ...jobs, ...more])];
    const hash = createHash("sha256").update(JSON.stringify(issues));
    this.#digests.keep(files);
    for (const file of files) {
      const read = await this.#digests.of(file);
      if ("problem" in read && this.#isShortage(`${file}: ${read.problem}`)) return null;
      hash.update(JSON.stringify([file, read]));
    }
    return hash.digest("hex");
  }

  #alone(act: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(act);
    return this.#busy;
  }
}

/** What goes wrong beyond all mistakes must not end the watching. */
function explain(error: unknown): readonly string[] {
  return [`the configuration cannot be taken over: ${messageOf(error)}`];
}
