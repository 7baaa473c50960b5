import type { EtcdClient } from "../etcd/client.ts";
import { EtcdPlace, fieldOf, type LineKey } from "../etcd/place.ts";
import type { Holder, Lease, LeaseBid, Standing } from "./lease.ts";

/**
 * The lease in etcd: the first key of the line `/<namespace>/election/` holds it. A replica has one key in the line from
 * its first bid until it leaves, so that a handoff is one deletion and one check. The key says who made it, as JSON.
 */
export class EtcdLease implements Lease {
  readonly kind = "etcd";
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #place: EtcdPlace;
  /** The key that was found to be the first one last. */
  #first: LineKey | null = null;

  constructor(client: EtcdClient, namespace: string) {
    this.#client = client;
    this.#prefix = `/${namespace}/election/`;
    this.#place = new EtcdPlace(client, this.#prefix);
  }

  async acquire({ replica, ttlMs }: LeaseBid, gone: Holder | null): Promise<Standing> {
    // A key is made once, and its lease has no other: what was found holds as long as the claim.
    if (this.#first && claimOf(this.#first) === gone?.claim) await this.#place.evict(this.#first);
    const value = JSON.stringify({ replica });
    const view = await this.#place.visit({ value, ttlMs, idleMs: ttlMs / 4 });
    this.#first = view.first;
    return { own: { claim: claimOf(view.own), ttlMs: view.ttlMs }, holder: holderOf(view.first) };
  }

  renew(): Promise<boolean> {
    return this.#place.keep();
  }

  release(): Promise<void> {
    return this.#place.leave();
  }

  async holder(): Promise<Holder | null> {
    this.#first = await this.#place.first();
    return this.#first && holderOf(this.#first);
  }

  watch(wake: () => void): () => void {
    return this.#client.watch(this.#prefix, wake);
  }
}

function claimOf({ cluster, revision }: Pick<LineKey, "cluster" | "revision">): string {
  return `${cluster}:${revision}`;
}

function holderOf(first: LineKey): Holder {
  const replica = fieldOf(first, "replica");
  return { claim: claimOf(first), name: replica ?? first.value, isReplica: replica !== null };
}
