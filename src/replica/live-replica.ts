import { sleep } from "../clock/sleep.ts";
import { Aborted } from "../clock/unless-aborted.ts";
import { settlesWithin } from "../clock/within.ts";
import { ConfigWatcher } from "../config/config-watcher.ts";
import { formatIssue, type LoadResult } from "../config/load.ts";
import { BellwetherError, failureOf } from "../errors.ts";
import type { Events } from "../events.ts";
import { Replica, type ReplicaOptions } from "./replica.ts";
import { openLog } from "./replica-log.ts";

const WATCHER_LIMIT_MS = 1_000;

export interface LiveReplicaOptions extends Omit<ReplicaOptions, "config"> {
  readonly id: string;
  readonly events: Events;
  /** The folder of the configuration. */
  readonly configDir: string;
  /** False: a change of the folder is not noticed. */
  readonly isWatched: boolean;
  readonly load: () => Promise<LoadResult>;
  /** Ends a load that goes on: it rejects with `Aborted` then. */
  readonly stopLoading?: () => void;
  /** Whether the last load was in a thread. */
  readonly isLoadedAside?: () => boolean;
}

/** A replica and its configuration: reads it, starts the replica with it, and hands it each change that is valid. */
export class LiveReplica {
  readonly #options: LiveReplicaOptions;
  readonly #watcher: ConfigWatcher;
  readonly #toldUnread = new Set<string>();
  #unread: readonly string[] = [];
  /** Null until the configuration has been read. */
  #replica: Replica | null = null;
  #isStopping = false;

  constructor(options: LiveReplicaOptions) {
    const { configDir, load, events, isLoadedAside = () => false } = options;
    this.#options = options;
    this.#watcher = new ConfigWatcher({
      configDir,
      clock: { sleep },
      load: async () => {
        const result = await load();
        if (result.ok) this.#unread = result.warnings;
        return result;
      },
      apply: async config => {
        this.#tellUnread();
        return (await this.#replica?.reconfigure(config)) ?? [];
      },
      isLoadedAside,
      blind: problem => events.emit("config.unread", { problem }),
      reject: mistakes => events.emit("config.rejected", { mistakes }),
      resolve: () => this.#replica && events.emit("config.resolved", this.#replica.carried),
    });
  }

  /**
   * Reads the configuration and makes the replica, which does nothing yet. Throws BW_CONFIG_INVALID, and `Aborted` when
   * it is stopped meanwhile.
   */
  async open(): Promise<Replica> {
    const result = await this.#watcher.first();
    if (this.#isStopping) throw new Aborted();
    if (!result.ok) {
      const mistakes = result.issues.map(formatIssue);
      this.#logged(events => events.emit("config.rejected", { mistakes }));
      throw new BellwetherError("BW_CONFIG_INVALID", { mistakes });
    }
    this.#replica = new Replica({ ...this.#options, config: result.config });
    return this.#replica;
  }

  /** Reports a failure that came before there was a replica which logs. */
  tellFailure(error: unknown): void {
    if (this.#replica === null) this.#logged(events => events.emit("replica.failed", failureOf(error)));
  }

  /** As `Replica.start`. From now on changes of the configuration are applied. */
  async start(): Promise<void> {
    this.#tellUnread();
    const started = this.#replica?.start();
    if (this.#options.isWatched && !this.#isStopping) this.#watcher.start();
    await started;
  }

  /** Reads the configuration now, changed or not. */
  reload(): Promise<void> {
    return this.#watcher.reload();
  }

  /** As `Replica.stop`; also before it has a replica. */
  async stop(reason: string): Promise<boolean> {
    this.#isStopping = true;
    const isFinished = (await this.#replica?.stop(reason)) ?? true;
    await this.stopWatching();
    // Without a replica nothing else ends the loops over its events.
    this.#options.events.endStreams();
    return isFinished;
  }

  /** In bounded time: reading may wait for a file system that is away. */
  async stopWatching(): Promise<void> {
    const stopped = this.#watcher.stop();
    this.#options.stopLoading?.();
    await settlesWithin(stopped, WATCHER_LIMIT_MS);
  }

  /** Once for each, and again when it returns. */
  #tellUnread(): void {
    for (const problem of this.#unread) {
      if (!this.#toldUnread.has(problem)) this.#options.events.emit("config.unread", { problem });
    }
    this.#toldUnread.clear();
    for (const problem of this.#unread) this.#toldUnread.add(problem);
  }

  /** Without a replica nothing logs the events yet: the log must show why a pod does not start. */
  #logged(emit: (events: Events) => void): void {
    const { events, log = "stdout", id } = this.#options;
    const end = openLog(log, "info", typeof log === "object" ? { replica: id } : {}).follow(events);
    emit(events);
    end();
  }
}
