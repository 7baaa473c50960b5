import type { Etcd3, IKeyValue } from "etcd3";
import type { EtcdClient } from "./client.ts";
import { isLeaseGone } from "./failure.ts";

/** A key in a line. */
export interface LineKey {
  readonly key: string;
  readonly value: string;
  readonly leaseId: string;
  /** Create revision: the age of the key within its cluster. */
  readonly revision: string;
  /** Id of the cluster that counted the revision. */
  readonly cluster: string;
}

/** A line as one of its places sees it, in one transaction. */
export interface LineView {
  readonly own: Pick<LineKey, "key" | "revision" | "cluster">;
  /** What etcd granted: whole seconds, and not less than its own minimum. */
  readonly ttlMs: number;
  readonly first: LineKey;
  /** The next one before the own key; null for the first. */
  readonly before: LineKey | null;
  /** The value of the key `beside`, or null. */
  readonly beside: string | null;
}

export interface Visit {
  /** What a new key says about its maker. */
  readonly value: string;
  readonly ttlMs: number;
  /** The lease is extended unless that happened less than this long ago. */
  readonly idleMs: number;
  /** A key elsewhere that is read in the same transaction. */
  readonly beside?: string;
}

interface Own {
  readonly leaseId: string;
  readonly key: string;
  readonly ttlMs: number;
  /** Null while it is not known that the key exists. */
  made: { readonly revision: string; readonly cluster: string } | null;
  /** Monotonic; when the lease was last extended. */
  keptMs: number;
}

/** A visit that finds its place lost joins the line again; more often than this something else is wrong. */
const ROUNDS = 3;

/**
 * This process's place in a line of keys below one prefix. Each key lives as long as its own lease, which also names it, and
 * the one with the oldest create revision is first. That is the layout of etcd's `concurrency.Election` and `Mutex`, so
 * `etcdctl elect` and `etcdctl lock` wait in the same lines.
 */
export class EtcdPlace {
  readonly #client: EtcdClient;
  readonly #prefix: string;
  #own: Own | null = null;
  /**
   * Leases of places that were given up and may still be there, because etcd gave no answer. When a quorum returns, etcd
   * extends every lease by its whole time: all others would wait for a place that its owner has left.
   */
  readonly #left = new Set<string>();

  constructor(client: EtcdClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** Joins at the end, or keeps the place that there is. A place that was lost is taken anew. */
  async visit({ value, ttlMs, idleMs, beside }: Visit): Promise<LineView> {
    for (let round = 0; round < ROUNDS; round++) {
      const known = this.#own;
      const own = known ?? (await this.#join(ttlMs));
      own.made ??= await this.#enter(own, value);
      const isIdle = known !== null && performance.now() - own.keptMs >= idleMs;
      const [isAlive, view] = await Promise.all([isIdle ? this.#extend(own) : true, this.#look(own, beside)]);
      if (isAlive && view) return view;
      await this.leave();
    }
    throw new Error("the place in the line was lost again and again");
  }

  /** Extends the lease. False when it has expired or the key was deleted, by hand for example. */
  async keep(): Promise<boolean> {
    const own = this.#own;
    if (!own?.made) return false;
    const [isAlive, isThere] = await Promise.all([this.#extend(own), this.#isThere(own)]);
    return isAlive && isThere;
  }

  /** Gives up the place, and again those before it that may still be there. Rejects when etcd gives no answer. */
  async leave(): Promise<void> {
    if (this.#own) this.#left.add(this.#own.leaseId);
    this.#own = null;
    for (const leaseId of this.#left) {
      await this.evict({ leaseId });
      this.#left.delete(leaseId);
    }
  }

  /** The oldest key of the line, or null. */
  async first(): Promise<LineKey | null> {
    const reply = await this.#client.call((etcd, options) => this.#oldest(etcd).options(options).exec());
    return keyOf(reply.kvs[0], reply.header.cluster_id);
  }

  /** Ends a place. Tried once: when the answer is lost, its owner may have returned by the next try. */
  async evict({ leaseId }: Pick<LineKey, "leaseId">): Promise<void> {
    try {
      await this.#client.call((etcd, options) => etcd.leaseClient.leaseRevoke({ ID: leaseId }, options));
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
    }
  }

  /** What may have been made before is given up first. */
  async #join(ttlMs: number): Promise<Own> {
    await this.leave();
    const keptMs = performance.now();
    const { ID: leaseId, TTL } = await this.#client.call((etcd, options) =>
      etcd.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) }, options),
    );
    const key = this.#prefix + BigInt(leaseId).toString(16);
    this.#own = { leaseId, key, ttlMs: Number(TTL) * 1_000, made: null, keptMs };
    return this.#own;
  }

  /** Makes the key, or finds that it has been made. Null when the lease has expired. */
  async #enter({ key, leaseId }: Own, value: string): Promise<Own["made"]> {
    try {
      const reply = await this.#client.transact(etcd => {
        const isNew = etcd.if(key, "Create", "==", 0);
        return isNew.then(etcd.put(key).value(value).lease(leaseId)).else(etcd.get(key));
      });
      const found = reply.responses[0]?.response_range?.kvs[0]?.create_revision;
      const revision = reply.succeeded ? reply.header.revision : found;
      return revision === undefined ? null : { revision, cluster: reply.header.cluster_id };
    } catch (error) {
      if (isLeaseGone(error)) return null;
      throw error;
    }
  }

  /** Null when the key does not exist. */
  async #look({ key, made, ttlMs }: Own, beside: string | undefined): Promise<LineView | null> {
    if (made === null) return null;
    const older = String(BigInt(made.revision) - 1n);
    const reply = await this.#client.transact(etcd => {
      const nextBefore = this.#line(etcd).sort("Create", "Descend").maxCreateRevision(older);
      const others = beside === undefined ? [] : [etcd.get(beside)];
      return etcd.if(key, "Create", "==", made.revision).then(this.#oldest(etcd), nextBefore, ...others);
    });
    const { cluster_id } = reply.header;
    const [first, before = null, other] = reply.responses.map(({ response_range }) =>
      keyOf(response_range.kvs[0], cluster_id),
    );
    if (!reply.succeeded || !first) return null;
    return { own: { key, ...made }, ttlMs, first, before, beside: other?.value ?? null };
  }

  /**
   * Extends the lease by its whole time. False when it has expired. One request on a stream of its own: a stream that is
   * kept open would hide that it is silent.
   */
  async #extend(own: Own): Promise<boolean> {
    const sentMs = performance.now();
    const isAlive = await this.#client.call(async (etcd, options) => {
      const stream = await etcd.leaseClient.leaseKeepAlive(options);
      try {
        return await new Promise<boolean>((resolve, reject) => {
          stream.on("error", reject);
          stream.on("data", reply => resolve(Number(reply.TTL) > 0));
          stream.on("end", () => reject(new Error("etcd ended the stream without an answer")));
          stream.write({ ID: own.leaseId });
        });
      } finally {
        stream.end();
      }
    });
    if (isAlive) own.keptMs = sentMs;
    return isAlive;
  }

  async #isThere({ key, made }: Own): Promise<boolean> {
    const reply = await this.#client.transact(etcd => etcd.if(key, "Create", "==", made?.revision ?? 0));
    return reply.succeeded;
  }

  #oldest(etcd: Etcd3) {
    return this.#line(etcd).sort("Create", "Ascend");
  }

  #line(etcd: Etcd3) {
    return etcd.getAll().prefix(this.#prefix).limit(1);
  }
}

/** What a key's value says under `field`, or null where no Bellwether made it. */
export function fieldOf({ value }: LineKey, field: string): string | null {
  try {
    const found: unknown = JSON.parse(value)[field];
    return typeof found === "string" ? found : null;
  } catch {
    return null;
  }
}

function keyOf(kv: IKeyValue | undefined, cluster: string): LineKey | null {
  if (!kv) return null;
  const { key, value, lease: leaseId, create_revision: revision } = kv;
  return { key: key.toString(), value: value.toString(), leaseId, revision, cluster };
}
