import path from "node:path";
import { type BellwetherOptions, checkOptions } from "./bellwether-options.ts";
import { Client } from "./client/client.ts";
import { Cluster } from "./client/cluster.ts";
import { Aborted } from "./clock/unless-aborted.ts";
import type { Config } from "./config/config.ts";
import type { CodePart, LoadResult } from "./config/load.ts";
import { ConfigLoader } from "./config/reload/config-loader.ts";
import { BellwetherError } from "./errors.ts";
import { Events } from "./events.ts";
import { readCodeJobs } from "./handlers/code-jobs.ts";
import { LiveReplica } from "./replica/live-replica.ts";
import type { Replica } from "./replica/replica.ts";
import { newReplicaId } from "./replica/replica-id.ts";

const CONFIG_PLACE = "new Bellwether({ config })";
const JOBS_PLACE = "new Bellwether({ jobs })";

/** What a probe answers. */
export interface Health {
  /** False when only a restart of the process helps. */
  readonly isAlive: boolean;
  /** True when the replica can do its part, leading or not. */
  readonly isReady: boolean;
  /** What is wrong, for people; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * One replica within a program, as `bellwether run` is one by itself. All replicas of a namespace need the same jobs; how
 * each one is given its own does not matter.
 *
 *     const bellwether = new Bellwether({ config: "./config", jobs: { … }, context: { db }, logger });
 *     await bellwether.start();
 *     …
 *     await bellwether.stop();
 *
 * It listens to no signal and to no uncaught error, and never ends the process. The constructor does no I/O; it throws
 * BW_USAGE for options that cannot be used.
 */
export class Bellwether {
  /** Unique per process start: the name with a random suffix. Logs, `status` and `history` show it. */
  readonly id: string;
  /** Each event of this replica (docs/events.md), the log's source. */
  readonly events = new Events();
  readonly #live: LiveReplica;
  /** Null until the configuration has been read. */
  #replica: Replica | null = null;
  #client: Client | null = null;
  #started: Promise<void> | null = null;
  #stopped: Promise<boolean> | null = null;

  /** @param adjust of `bellwether/testing` alone: changes the configuration that was read. */
  constructor(
    options: BellwetherOptions = {} as BellwetherOptions,
    adjust: (config: Config) => Config = config => config,
  ) {
    checkOptions(options);
    const { config = "./config", jobs = {}, reload = true, logger, registry, roles, context } = options;
    this.id = newReplicaId(options.id);
    const codeJobs = readCodeJobs(JOBS_PLACE, jobs);
    const isFolder = typeof config === "string";
    const configDir = isFolder ? path.resolve(config) : process.cwd();
    const loader = new ConfigLoader();
    this.#live = new LiveReplica({
      id: this.id,
      events: this.events,
      configDir,
      isWatched: isFolder && reload,
      load: async () => {
        const result = await load(loader, options, {
          configDir,
          config: isFolder ? undefined : { place: CONFIG_PLACE, value: config },
          codeJobs: Object.keys(jobs).length === 0 ? undefined : codeJobs,
        });
        return result.ok ? { ...result, config: adjust(result.config) } : result;
      },
      stopLoading: () => loader.stop(),
      isLoadedAside: () => loader.isAside,
      log: logger ?? "stdout",
      functions: codeJobs.functions,
      connection: options.connection,
      registry,
      roles,
      context,
    });
  }

  /**
   * Reads the configuration, loads the handlers, waits for Redis, and resolves when this replica has joined the others.
   * It does not resolve while Redis is away: begin to serve before it, or do not wait for it. Idempotent.
   *
   * Rejects, and all of it has stopped then: BW_CONFIG_INVALID and BW_HANDLERS_INVALID with every mistake,
   * BW_CONNECTION_INVALID, BW_METRICS_TAKEN, BW_LISTEN_FAILED, BW_REDIS_TOO_OLD and BW_FORMAT_NEWER. After `stop` it
   * rejects with BW_USAGE: make a new Bellwether.
   */
  start(): Promise<void> {
    if (this.#stopped) {
      const problem = "this Bellwether was stopped and does not start any more: make a new one";
      return Promise.reject(new BellwetherError("BW_USAGE", { problem }));
    }
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    try {
      const replica = await this.#live.open();
      this.#replica = replica;
      replica.failure.catch(() => this.stop("it cannot go on"));
      await this.#live.start();
    } catch (error) {
      if (error instanceof Aborted) return;
      this.#live.tellFailure(error);
      await this.stop("it cannot go on");
      throw error;
    }
  }

  /**
   * Gives up leadership immediately, lets running handlers end within `shutdownTimeout`, and closes its connections.
   * Resolves with whether every handler came to its end; the runs of the others go to other replicas. Idempotent, also
   * before `start` and while it waits.
   */
  stop(reason = "stop() was called"): Promise<boolean> {
    this.#stopped ??= this.#live.stop(reason).finally(() => this.#closeClient());
    return this.#stopped;
  }

  /** One that is asked for later is closed as well: nothing would end its connections. */
  #closeClient(): void {
    if (this.#replica !== null) void this.client.close();
  }

  /**
   * What operators do (docs/client.md), from this program. It knows the jobs that this replica carries, those in code too, and
   * checks data by their schemas. Its connections are opened by its first calls, and closed by `stop`; after that calls reject
   * with BW_CLIENT_CLOSED. Throws BW_USAGE before `start` has read the configuration.
   */
  get client(): Client {
    if (this.#replica === null) {
      throw new BellwetherError("BW_USAGE", { problem: "there is no client before start(): await it first" });
    }
    this.#client ??= new Client(new Cluster({ ...this.#replica.forClients, name: "bellwether-client" }));
    return this.#client;
  }

  /** For a route that decides whether the process gets traffic: as `/readyz`. */
  isReady(): boolean {
    return this.health().isReady;
  }

  /** For the program's own routes: what `/livez` and `/readyz` say. */
  health(): Health {
    const health = this.#replica?.health;
    const alive = health?.livenessProblems() ?? [];
    const missing = this.#missing() ?? health?.readinessProblems() ?? [];
    return { isAlive: alive.length === 0, isReady: missing.length === 0, problems: [...alive, ...missing] };
  }

  #missing(): readonly string[] | null {
    if (this.#stopped) return ["the replica is stopping, or has stopped"];
    return this.#replica === null ? ["the replica has not started"] : null;
  }
}

interface Parts {
  readonly configDir: string;
  readonly config: CodePart | undefined;
  readonly codeJobs: CodePart | undefined;
}

async function load(
  loader: ConfigLoader,
  { jobsDir, generation }: BellwetherOptions,
  parts: Parts,
): Promise<LoadResult> {
  const result = await loader.load({ ...parts, jobsDir, env: process.env });
  return result.ok && generation !== undefined
    ? { ...result, config: { ...result.config, generation } }
    : result;
}
