import type { Etcd3, IKeyValue } from "etcd3";
import { z } from "zod";
import type { EtcdClient } from "../etcd/client.ts";
import { isLeaseGone } from "../etcd/failure.ts";
import { keepLeaseAlive } from "../etcd/keep-alive.ts";

/** A replica's place in the election: a key that lives as long as its lease. */
export interface Candidate {
  readonly leaseId: string;
  readonly key: string;
  /** `<cluster id>:<create revision>`: the age of the key, and of whose revisions. */
  readonly claim: string;
  /** What etcd granted: whole seconds, and not less than its own minimum. */
  readonly ttlMs: number;
}

/** The replica with the oldest key holds the election. */
export interface Holder {
  readonly leaseId: string;
  readonly claim: string;
  /** The id of the replica; for a key that no Bellwether made, its value. */
  readonly name: string;
  readonly isReplica: boolean;
}

const proposal = z.object({ replica: z.string() });

/**
 * The election in etcd: one key for each candidate under `/<namespace>/election/`, named by its lease, first come,
 * first served by create revision. That is the layout of etcd's own `concurrency.Election`, so `etcdctl elect` waits in
 * the same queue. A key's value says who made it, as JSON.
 */
export class EtcdElection {
  readonly #etcd: EtcdClient;
  readonly #prefix: string;
  /**
   * Leases of own places that were given up and may still be there, because etcd gave no answer. When a quorum returns,
   * etcd extends every lease by its whole time: all candidates would wait for a place that its owner has left.
   */
  readonly #left = new Set<string>();

  constructor(etcd: EtcdClient, namespace: string) {
    this.#etcd = etcd;
    this.#prefix = `/${namespace}/election/`;
  }

  /** Joins at the end. Without an answer, what may have been made is given up before the next place is taken. */
  async join(replica: string, ttlMs: number): Promise<Candidate> {
    await this.sweep();
    const lease = await this.#etcd.call((etcd, options) =>
      etcd.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) }, options),
    );
    const key = this.#prefix + BigInt(lease.ID).toString(16);
    this.#left.add(lease.ID);
    const reply = await this.#etcd.call((etcd, options) =>
      etcd
        .if(key, "Create", "==", 0)
        .then(etcd.put(key).value(JSON.stringify({ replica })).lease(lease.ID))
        .else(etcd.get(key))
        .options(options)
        .commit(),
    );
    this.#left.delete(lease.ID);
    const revision = reply.succeeded
      ? reply.header.revision
      : reply.responses[0]?.response_range.kvs[0]?.create_revision;
    return {
      leaseId: lease.ID,
      key,
      claim: `${reply.header.cluster_id}:${revision}`,
      ttlMs: Number(lease.TTL) * 1_000,
    };
  }

  /** Who holds the election, seen by a candidate; null when the candidate's own key does not exist. */
  async look(candidate: Candidate): Promise<Holder | null> {
    const reply = await this.#etcd.call((etcd, options) =>
      etcd
        .if(candidate.key, "Create", "==", revisionOf(candidate))
        .then(this.#oldest(etcd))
        .options(options)
        .commit(),
    );
    const oldest = reply.responses[0]?.response_range.kvs[0];
    return reply.succeeded && oldest ? holderOf(oldest, reply.header.cluster_id) : null;
  }

  /** Who holds the election, or null. */
  async holder(): Promise<Holder | null> {
    const reply = await this.#etcd.call((etcd, options) => this.#oldest(etcd).options(options).exec());
    const [oldest] = reply.kvs;
    return oldest ? holderOf(oldest, reply.header.cluster_id) : null;
  }

  /** Extends the candidate's lease. False when the lease has expired or the key was deleted, by hand for example. */
  async keep(candidate: Candidate): Promise<boolean> {
    const [isAlive, isThere] = await Promise.all([
      keepLeaseAlive(this.#etcd, candidate.leaseId),
      this.#isThere(candidate),
    ]);
    return isAlive && isThere;
  }

  /** Gives up an own place. Safe to repeat; done again before the next place is taken if etcd gives no answer. */
  async leave({ leaseId }: { readonly leaseId: string }): Promise<void> {
    this.#left.add(leaseId);
    await this.#revoke(leaseId);
    this.#left.delete(leaseId);
  }

  /**
   * Ends the place of a replica that has exited. Tried once: when the answer is lost, the replica may have returned by
   * the next try.
   */
  async evict({ leaseId }: Holder): Promise<void> {
    await this.#revoke(leaseId);
  }

  /** Gives up again what may still be there. */
  async sweep(): Promise<void> {
    for (const leaseId of this.#left) await this.leave({ leaseId });
  }

  async #revoke(leaseId: string): Promise<void> {
    try {
      await this.#etcd.call((etcd, options) => etcd.leaseClient.leaseRevoke({ ID: leaseId }, options));
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
    }
  }

  /** Calls `wake` when a candidate joins or leaves. Returns the function that ends it. */
  watch(wake: () => void): () => void {
    return this.#etcd.watch(this.#prefix, wake);
  }

  #oldest(etcd: Etcd3) {
    return etcd.getAll().prefix(this.#prefix).sort("Create", "Ascend").limit(1);
  }

  async #isThere(candidate: Candidate): Promise<boolean> {
    const reply = await this.#etcd.call((etcd, options) =>
      etcd.if(candidate.key, "Create", "==", revisionOf(candidate)).options(options).commit(),
    );
    return reply.succeeded;
  }
}

function revisionOf(candidate: Candidate): string {
  return candidate.claim.split(":")[1] ?? "0";
}

function holderOf(kv: IKeyValue, cluster: string): Holder {
  const value = kv.value.toString();
  const replica = replicaOf(value);
  return {
    leaseId: kv.lease,
    claim: `${cluster}:${kv.create_revision}`,
    name: replica ?? value,
    isReplica: replica !== null,
  };
}

function replicaOf(value: string): string | null {
  try {
    return proposal.parse(JSON.parse(value)).replica;
  } catch {
    return null;
  }
}
