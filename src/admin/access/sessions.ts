import { z } from "zod";
import type { Cluster } from "../../client/cluster.ts";
import { digestOf, isSameDigest, newSecret } from "./digest.ts";
import type { Token } from "./tokens.ts";

const sessionRow = z.object({
  /** The name of the token that it was opened with. */
  token: z.string(),
  /** Of that token's secret: a session ends when its token is changed. */
  digest: z.string(),
});

const SESSION_ID = /^[A-Za-z0-9_-]{43}$/;

/**
 * Sign-ins to the dashboard, in Redis, so that they are valid on every replica. Redis holds the digest of a session's id: what
 * can be read there opens no session. A call rejects with BW_REDIS_UNREACHABLE or BW_REDIS_LOST while Redis is away.
 */
export class Sessions {
  readonly #cluster: Cluster;
  readonly #ttlMs: number;

  constructor(cluster: Cluster, ttlMs: number) {
    this.#cluster = cluster;
    this.#ttlMs = ttlMs;
  }

  /** Opens one for the owner of the token; resolves with its id. */
  async open({ name, digest }: Token): Promise<string> {
    const id = newSecret();
    const row = JSON.stringify({ token: name, digest: digest.toString("hex") } satisfies SessionRow);
    await this.#cluster.act({}, ({ redis }) => redis.set(this.#keyOf(id), row, "PX", this.#ttlMs));
    return id;
  }

  /** The name of its token, whose secret must still be the same; null when it has ended. */
  async find(id: string): Promise<{ name: string; isOf: (token: Token) => boolean } | null> {
    if (!SESSION_ID.test(id)) return null;
    const stored = await this.#cluster.read(redis => redis.get(this.#keyOf(id)));
    if (stored === null) return null;
    const { token: name, digest } = sessionRow.parse(JSON.parse(stored));
    return { name, isOf: token => isSameDigest(token.digest, Buffer.from(digest, "hex")) };
  }

  async end(id: string): Promise<void> {
    await this.#cluster.act({}, ({ redis }) => redis.del(this.#keyOf(id)));
  }

  #keyOf(id: string): string {
    return this.#cluster.keys.session(digestOf(id).toString("hex"));
  }
}

type SessionRow = z.infer<typeof sessionRow>;
