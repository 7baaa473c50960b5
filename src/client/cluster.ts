import { hostname, userInfo } from "node:os";
import type { Redis } from "ioredis";
import type { Config, Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { Definition } from "../launch/definition.ts";
import { newRequestId } from "../launch/requests.ts";
import type { Operator, RequestOptions } from "../operator/operator.ts";
import { connectRedis } from "../redis/connect.ts";
import { checkFormat } from "../redis/format.ts";
import type { RedisPlace } from "../redis/given-connection.ts";
import { type RedisKeys, redisKeys } from "../redis/keys.ts";
import { checkedRequestId } from "./arguments.ts";
import { DefinitionCache } from "./definition-cache.ts";
import { RedisSession } from "./redis-session.ts";
import { refuseName } from "./refuse-name.ts";

export type DataCheck = (
  job: Job,
  data: Record<string, unknown>,
) => readonly string[] | Promise<readonly string[]>;

export interface ClusterOptions {
  /** Where the cluster's data is. */
  readonly connection: { readonly redis: RedisPlace; readonly namespace: string };
  /** Null: the caller knows no jobs of its own, only those that the leader has stored. */
  readonly config: () => Config | null;
  /** What is wrong with the data of a run, where its handler is known and has a schema. */
  readonly checkData?: DataCheck | undefined;
  /** Who acts, for the record; `user@host` by default. */
  readonly by?: string | undefined;
  /** The connections' name in CLIENT LIST. */
  readonly name: string;
  readonly onBroken?: ((where: string) => void) | undefined;
}

/** A job as far as its schedule goes: of the caller's configuration, or as the leader has stored it. */
export type KnownJob = Pick<Job, "name" | "schedule" | "spec" | "maxRuns">;

/** What acts on the cluster. `requestId` names the request, and stays the same when it has to be sent again. */
export interface Acting {
  readonly operator: Operator;
  readonly requestId: string;
  readonly redis: Redis;
}

/** What a cluster has once, for all callers. */
interface Shared {
  readonly reading: RedisSession;
  readonly acting: RedisSession;
  readonly definitions: DefinitionCache;
  /** One for the whole connection: its requests take turns, because they use WATCH. */
  operator: Promise<Operator> | null;
}

/**
 * A cluster of replicas from outside, as the command line, `connect()` and other programs see it. It has a connection that
 * only reads and one that acts, and opens each when it is needed first.
 */
export class Cluster {
  readonly keys: RedisKeys;
  readonly #options: ClusterOptions;
  readonly #by: string;
  readonly #shared: Shared;

  /** @param shared of `as` alone */
  constructor(options: ClusterOptions, shared: Shared = sharedBy(options)) {
    this.#options = options;
    this.keys = redisKeys(options.connection.namespace);
    this.#by = options.by ?? whoAmI();
    this.#shared = shared;
  }

  /** The same cluster and connections for another person: what it does has that name in the record. */
  as(by: string): Cluster {
    return new Cluster({ ...this.#options, by }, this.#shared);
  }

  /** One for all who use the cluster. */
  get definitions(): DefinitionCache {
    return this.#shared.definitions;
  }

  get config(): Config | null {
    return this.#options.config();
  }

  /** Throws BW_DATA_INVALID, where the handler of the job is known and has a schema. */
  async checkData(job: Job, data: Readonly<Record<string, unknown>>): Promise<void> {
    const problems = (await this.#options.checkData?.(job, { ...job.data, ...data })) ?? [];
    if (problems.length > 0) throw new BellwetherError("BW_DATA_INVALID", { job: job.name, problems });
  }

  /** Reads. When the connection breaks, `read` is called again. */
  read<T>(read: (redis: Redis, keys: RedisKeys) => Promise<T>): Promise<T> {
    return this.#shared.reading.use(async redis => {
      await checkFormat(redis, this.keys);
      return await read(redis, this.keys);
    });
  }

  /** Opens one more connection that only reads, for commands that wait. The caller closes it. */
  openReader(what: string): Redis {
    const { connection, name } = this.#options;
    return connectRedis(connection.redis, "plain", `${name}:${what}`, { mayBeReplica: true });
  }

  /** Acts. When the connection breaks, `act` is called again with the same request id, so that it is carried out once. */
  async act<T>(
    { requestId = newRequestId() }: RequestOptions,
    act: (acting: Acting) => Promise<T>,
  ): Promise<T> {
    checkedRequestId("requestId", requestId);
    return await this.#shared.acting.use(async redis => {
      await checkFormat(redis, this.keys);
      this.#shared.operator ??= this.#loadOperator(redis);
      const operator = (await this.#shared.operator).as(this.#by);
      return await act({ operator, requestId, redis });
    });
  }

  /** Loading BullMQ takes most of the time of a command that only reads. */
  async #loadOperator(redis: Redis): Promise<Operator> {
    const { Operator } = await import("../operator/operator.ts");
    return new Operator({ redis, keys: this.keys, by: this.#by });
  }

  /** The job of the configuration. Throws BW_CONFIG_NEEDED where there is no configuration, and BW_JOB_UNKNOWN. */
  configuredJob(name: string, what: string): Job {
    if (this.config === null) throw new BellwetherError("BW_CONFIG_NEEDED", { what });
    const job = this.config.jobs.find(job => job.name === name);
    return job ?? refuseName(name, this.localNames());
  }

  /** The job of the configuration, or else of the cluster. Throws BW_JOB_UNKNOWN. */
  async knownJob(name: string): Promise<KnownJob> {
    const job = this.config?.jobs.find(job => job.name === name);
    if (job !== undefined) return job;
    const stored = await this.storedJobs();
    const found = stored.find(job => job.name === name);
    return found ?? refuseName(name, [...this.localNames(), ...stored.map(({ name }) => name)]);
  }

  /** The jobs of the configuration, or else of the cluster. */
  async knownJobs(): Promise<readonly KnownJob[]> {
    return this.config?.jobs ?? (await this.storedJobs());
  }

  /** The jobs that the leader has stored and this release can read, by name. */
  async storedJobs(): Promise<readonly KnownJob[]> {
    const definitions = await this.read((redis, keys) =>
      this.definitions.read(redis, keys, this.config?.jobs ?? []),
    );
    const readable = [...definitions.values()].filter(definition => definition !== null);
    return readable.map(asJob).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  localNames(): readonly string[] {
    return this.config?.jobs.map(({ name }) => name) ?? [];
  }

  /** Ends both connections; calls that are under way reject with BW_CLIENT_CLOSED. Idempotent. */
  close(): void {
    this.#shared.reading.close();
    this.#shared.acting.close();
  }
}

function sharedBy({ connection, name, onBroken }: ClusterOptions): Shared {
  const about = { address: connection.redis, name, onBroken };
  return {
    reading: new RedisSession({ ...about, mayBeReplica: true, isActing: false }),
    acting: new RedisSession({ ...about, mayBeReplica: false, isActing: true }),
    definitions: new DefinitionCache(),
    operator: null,
  };
}

function asJob({ job: name, schedule, spec, maxRuns }: Definition): KnownJob {
  return { name, schedule, spec, maxRuns };
}

/** `user@host`; a container's numeric user has no name. */
function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}@${hostname()}`;
  }
}
