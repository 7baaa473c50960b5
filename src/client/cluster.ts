import { hostname, userInfo } from "node:os";
import type { Redis } from "ioredis";
import type { Config, Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { type Definition, readDefinitions } from "../launch/definition.ts";
import { newRequestId } from "../launch/requests.ts";
import type { Operator, RequestOptions } from "../operator/operator.ts";
import { checkFormat } from "../redis/format.ts";
import type { RedisPlace } from "../redis/given-connection.ts";
import { type RedisKeys, redisKeys } from "../redis/keys.ts";
import { checkedRequestId } from "./arguments.ts";
import { RedisSession } from "./redis-session.ts";
import { refuseName } from "./refuse-name.ts";

export interface ClusterOptions {
  /** Where the cluster's data is. */
  readonly connection: { readonly redis: RedisPlace; readonly namespace: string };
  /** Null: the caller knows no jobs of its own, only those that the leader has stored. */
  readonly config: () => Config | null;
  /** What is wrong with the data of a run, where its handler is known and has a schema. */
  readonly checkData?: ((job: string, data: Record<string, unknown>) => readonly string[]) | undefined;
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

/**
 * A cluster of replicas from outside, as the command line, `connect()` and other programs see it. It has a connection that
 * only reads and one that acts, and opens each when it is needed first.
 */
export class Cluster {
  readonly keys: RedisKeys;
  readonly #config: ClusterOptions["config"];
  readonly #checkData: ClusterOptions["checkData"];
  readonly #by: string;
  readonly #reading: RedisSession;
  readonly #acting: RedisSession;
  /** One for the whole connection: its requests take turns, because they use WATCH. */
  #operator: Promise<Operator> | null = null;

  constructor({ connection, config, checkData, by = whoAmI(), name, onBroken }: ClusterOptions) {
    this.#config = config;
    this.#checkData = checkData;
    this.keys = redisKeys(connection.namespace);
    this.#by = by;
    const about = { address: connection.redis, name, onBroken };
    this.#reading = new RedisSession({ ...about, mayBeReplica: true, isActing: false });
    this.#acting = new RedisSession({ ...about, mayBeReplica: false, isActing: true });
  }

  get config(): Config | null {
    return this.#config();
  }

  /** Throws BW_DATA_INVALID, where the handler of the job is known and has a schema. */
  checkData({ name, data: ownData }: Job, data: Readonly<Record<string, unknown>>): void {
    const problems = this.#checkData?.(name, { ...ownData, ...data }) ?? [];
    if (problems.length > 0) throw new BellwetherError("BW_DATA_INVALID", { job: name, problems });
  }

  /** Reads. When the connection breaks, `read` is called again. */
  read<T>(read: (redis: Redis, keys: RedisKeys) => Promise<T>): Promise<T> {
    return this.#reading.use(async redis => {
      await checkFormat(redis, this.keys);
      return await read(redis, this.keys);
    });
  }

  /** Acts. When the connection breaks, `act` is called again with the same request id, so that it is carried out once. */
  async act<T>(
    { requestId = newRequestId() }: RequestOptions,
    act: (acting: Acting) => Promise<T>,
  ): Promise<T> {
    checkedRequestId("requestId", requestId);
    return await this.#acting.use(async redis => {
      await checkFormat(redis, this.keys);
      this.#operator ??= this.#loadOperator(redis);
      return await act({ operator: await this.#operator, requestId, redis });
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
    const definitions = await this.read((redis, keys) => readDefinitions(redis, keys));
    return [...definitions.values()].map(asJob).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  localNames(): readonly string[] {
    return this.config?.jobs.map(({ name }) => name) ?? [];
  }

  /** Ends both connections; calls that are under way reject with BW_CLIENT_CLOSED. Idempotent. */
  close(): void {
    this.#reading.close();
    this.#acting.close();
  }
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
