import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";

const RELEASE = new Script(z.unknown(), new URL("./release.lua", import.meta.url));

const RELEASE_RETRY_MS = 200;

const claimReply = z.tuple([z.enum(["claimed", "blocked", "gone"]), z.string()]);
const CLAIM = new Script(claimReply, UNFINISHED_LUA, STRIPS_LUA, new URL("./claim.lua", import.meta.url));

export interface RunClaimsOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queue: string;
  /** For how long a claim is valid without `renew`. */
  readonly ttlMs: number;
}

export interface ClaimedRun {
  readonly job: string;
  readonly id: string;
  /** Of the attempt: a release that is repeated must not end the claim of the run's next one. */
  readonly token: string;
}

export type ClaimOutcome =
  | { readonly outcome: "claimed" }
  /** `by` has not ended. */
  | { readonly outcome: "blocked"; readonly by: string }
  /** BullMQ does not have the run any more. */
  | { readonly outcome: "gone" };

/**
 * Keeps two handlers of a job from being at work at one time, where its runs must not overlap, however the runs came into
 * the queue. A claim outlives a run that is removed in BullMQ while its handler is at work; it ends with the handler, or
 * some time after its worker died.
 */
export class RunClaims {
  readonly #options: RunClaimsOptions;

  constructor(options: RunClaimsOptions) {
    this.#options = options;
  }

  async claim({ job, id, token }: ClaimedRun): Promise<ClaimOutcome> {
    const { redis, keys, ttlMs } = this.#options;
    const [outcome, by] = await CLAIM.run(
      redis,
      [keys.unfinished(job), keys.history(job), keys.working(job), this.#keyOf(id), keys.strip(job)],
      [job, this.#keyOf(""), ttlMs, token],
    );
    return outcome === "blocked" ? { outcome, by } : { outcome };
  }

  /** Best effort: the claim is what is left when the run is removed within the next seconds. */
  renew({ job, id, token }: ClaimedRun): void {
    const { redis, keys, ttlMs } = this.#options;
    redis.set(keys.working(job), `${this.#keyOf(id)} ${token}`, "PX", ttlMs).catch(() => undefined);
  }

  /** Again and again while Redis refuses it, until the claim has run out. */
  release(run: ClaimedRun): void {
    void this.#release(run, performance.now() + this.#options.ttlMs);
  }

  async #release({ job, id, token }: ClaimedRun, limitMs: number): Promise<void> {
    const { redis, keys } = this.#options;
    while (redis.status !== "end" && performance.now() < limitMs) {
      try {
        await RELEASE.run(redis, [keys.working(job)], [`${this.#keyOf(id)} ${token}`]);
        return;
      } catch {
        await sleep(RELEASE_RETRY_MS, undefined, { ref: false });
      }
    }
  }

  #keyOf(id: string): string {
    const { keys, queue } = this.#options;
    return `${keys.bullmqPrefix}:${queue}:${id}`;
  }
}
