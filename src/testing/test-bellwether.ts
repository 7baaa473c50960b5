import { pino } from "pino";
import { Bellwether } from "../bellwether.ts";
import type { BellwetherOptions } from "../bellwether-options.ts";
import type { RunResult } from "../client/triggering.ts";
import type { Config } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { startPrivateRedis } from "../private-redis/private-redis.ts";

export type TestBellwetherOptions = Omit<BellwetherOptions, "connection" | "registry" | "reload">;

export interface TickOptions {
  /** Replaces fields of the job's own data. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** How long to wait for the run's end; 30 s by default. The run goes on. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** The shortest that there is: nothing else bids. */
const LEASE_TTL_MS = 1_000;

/** A replica for tests, alone with a Redis of its own. */
export class TestBellwether {
  /** For its events, and for what operators do (`client`). */
  readonly bellwether: Bellwether;
  /** Of the Redis, for a test's own queue or connection. */
  readonly redisUrl: string;
  readonly #stop: () => Promise<void>;

  /** Use `startTestBellwether`. */
  constructor(bellwether: Bellwether, redisUrl: string, stop: () => Promise<void>) {
    this.bellwether = bellwether;
    this.redisUrl = redisUrl;
    this.#stop = stop;
  }

  /**
   * Runs the job now, as `trigger` does, and resolves when the run has completed. Rejects with BW_RUN_FAILED when no attempt is
   * left, with the handler's error as `cause`; with BW_WAIT_TIMEOUT, BW_JOB_UNKNOWN and BW_DATA_INVALID.
   */
  tickNow(job: string, { data = {}, timeoutMs = TIMEOUT_MS }: TickOptions = {}): Promise<RunResult> {
    return this.bellwether.client.trigger(job, { data, timeoutMs, wait: true });
  }

  /** Stops the replica as a deploy would, and ends the Redis. Idempotent. */
  stop(): Promise<void> {
    return this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts a replica with a private Redis: `redis-server` or `valkey-server` of PATH, on a free port of this machine, with its
 * data in a temporary folder. Both end with `stop`, and when the process dies. Options are those of `new Bellwether`; in the
 * configuration, `redis`, `election` and `http` do not count, but must be valid. Without `logger` nothing is logged. Jobs launch
 * at their own ticks as well; give a schedule that is far away where that disturbs.
 *
 *     await using test = await startTestBellwether({ config: "./config" });
 *     expect((await test.tickNow("nightly-report")).result).toEqual({ pages: 3 });
 *
 * Rejects with BW_USAGE where there is no such program, and with what `Bellwether.start` rejects with.
 */
export async function startTestBellwether(options: TestBellwetherOptions): Promise<TestBellwether> {
  const start = await startPrivateRedis(process.env);
  if (start.outcome === "failed") throw new BellwetherError("BW_USAGE", { problem: start.problem });
  const { redis } = start;
  const adjust = (config: Config): Config => ({
    ...config,
    redis: { kind: "url", url: redis.url },
    election: { store: "redis", leaseTtlMs: LEASE_TTL_MS },
    http: false,
    admin: null,
  });
  const logger = options.logger ?? pino({ level: "silent" });
  try {
    const bellwether = new Bellwether({ ...options, logger, reload: false }, adjust);
    const stop = async () => {
      await bellwether.stop();
      await redis.stop();
    };
    await bellwether.start();
    return new TestBellwether(bellwether, redis.url, stop);
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

/** The hooks of a test runner: `beforeAll` and `afterAll` of Vitest and Jest, `before` and `after` of node:test. */
export interface TestHooks {
  readonly before: (start: () => Promise<void>) => unknown;
  readonly after: (stop: () => Promise<void>) => unknown;
}

/**
 * The same for all tests of a file, started before them and stopped after them.
 *
 *     const test = useTestBellwether({ before: beforeAll, after: afterAll }, { config: "./config" });
 *     it("writes the report", async () => {
 *       await test().tickNow("nightly-report");
 *     });
 */
export function useTestBellwether(
  { before, after }: TestHooks,
  options: TestBellwetherOptions,
): () => TestBellwether {
  let started: TestBellwether | null = null;
  before(async () => {
    started = await startTestBellwether(options);
  });
  after(async () => {
    await started?.stop();
  });
  return () => {
    if (started !== null) return started;
    throw new BellwetherError("BW_USAGE", { problem: "useTestBellwether: call it within a test" });
  };
}
