import type { Etcd3, IRangeResponse } from "etcd3";
import { z } from "zod";
import type { EtcdClient } from "../etcd/client.ts";
import { isLeaseGone } from "../etcd/failure.ts";
import { keepLeaseAlive } from "../etcd/keep-alive.ts";
import type { Claim, ClaimOutcome, LockStore } from "./lock-store.ts";

/** Wakeups come through watches; this is for those that do not. */
const ASK_AGAIN_MS = 2_000;
/** A claim that finds its place lost joins the line again; more often than this something else is wrong. */
const ROUNDS = 3;

const waiter = z.object({ holder: z.string() });

export interface EtcdLockStoreOptions {
  /** Closed with the store. */
  readonly client: EtcdClient;
  readonly namespace: string;
  /** Unique per process start. */
  readonly holder: string;
  /** Epoch milliseconds; read once in the life of an etcd cluster. */
  readonly nowMs: () => number;
}

/** A claim's place in the line: a key that lives as long as its lease. */
interface Place {
  readonly leaseId: string;
  readonly key: string;
  /** Create revision of the key, or null while it is not known that it exists. */
  revision: string | null;
  /** The key of the next one before, whose end is the time to ask again. */
  before: string | null;
  endWatch: (() => void) | null;
}

/** What a place looks like from etcd: who is first, who is next before it, and what fences count from. */
interface View {
  readonly first: { readonly key: string; readonly holder: string };
  readonly before: string | null;
  readonly base: number | null;
}

/**
 * Locks in etcd: one key for each claim under `/<namespace>/locks/<name>/`, named by its lease, and the oldest one
 * holds the lock. First come, first served by create revision; each waits for the one before it alone. That is the
 * layout of etcd's own `concurrency.Mutex`, so `etcdctl lock` waits in the same queue.
 *
 * The fence is the key's create revision, counted from a base. Revisions only grow, but an etcd that is rebuilt from
 * nothing begins at 1 again. So the base is the time at which the namespace took its first lock in this cluster, in
 * microseconds. No etcd makes as many revisions as that.
 */
export class EtcdLockStore implements LockStore {
  readonly kind = "etcd";
  readonly isFair = true;
  readonly holder: string;
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #baseKey: string;
  readonly #nowMs: () => number;
  /** By token. */
  readonly #places = new Map<string, Place>();
  readonly #asking = new Map<string, Promise<unknown>>();
  readonly #wakers = new Map<string, () => void>();

  constructor(options: EtcdLockStoreOptions) {
    this.#client = options.client;
    this.#prefix = `/${options.namespace}/locks/`;
    this.#baseKey = `/${options.namespace}/lock-fence-base`;
    this.holder = options.holder;
    this.#nowMs = options.nowMs;
  }

  async acquire(claim: Claim): Promise<ClaimOutcome> {
    const asking = this.#ask(claim);
    this.#asking.set(claim.token, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(claim.token);
    }
  }

  async renew({ token }: Claim): Promise<"renewed" | "lost"> {
    const place = this.#places.get(token);
    if (!place) return "lost";
    const [isAlive, isThere] = await Promise.all([
      keepLeaseAlive(this.#client, place.leaseId),
      this.#isThere(place),
    ]);
    return isAlive && isThere ? "renewed" : "lost";
  }

  /** A claim that arrives late finds its lease revoked, or no key to go with its lease: it needs no mark. */
  async release({ token }: Claim): Promise<void> {
    // What is still being asked for would otherwise join the line after it was left.
    await this.#asking.get(token)?.catch(() => undefined);
    const place = this.#places.get(token);
    if (!place) return;
    await this.#revoke(place);
    this.#forget(token);
  }

  forget({ token }: Claim): void {
    this.#forget(token);
  }

  onChange({ token }: Claim, wake: () => void): () => void {
    this.#wakers.set(token, wake);
    const place = this.#places.get(token);
    if (place) this.#watch(token, place);
    return () => {
      this.#wakers.delete(token);
      this.#places.get(token)?.endWatch?.();
    };
  }

  async close(): Promise<void> {
    for (const token of [...this.#places.keys()]) this.#forget(token);
    this.#client.close();
  }

  async #ask(claim: Claim): Promise<ClaimOutcome> {
    for (let round = 0; round < ROUNDS; round++) {
      const known = this.#places.get(claim.token);
      const place = known ?? (await this.#join(claim));
      place.revision ??= await this.#enter(place);
      const [isAlive, view] = await Promise.all([
        known ? keepLeaseAlive(this.#client, place.leaseId) : true,
        place.revision === null ? null : this.#look(claim, place),
      ]);
      if (isAlive && view) return this.#outcome(claim, place, view);
      await this.#revoke(place);
      this.#forget(claim.token);
    }
    throw new Error("the place in the line was lost again and again");
  }

  async #outcome({ token }: Claim, place: Place, view: View): Promise<ClaimOutcome> {
    if (view.first.key === place.key) {
      const base = view.base ?? (await this.#makeBase());
      return { outcome: "granted", fence: base + Number(place.revision) };
    }
    if (place.before !== view.before) {
      place.before = view.before;
      if (this.#wakers.has(token)) this.#watch(token, place);
    }
    return { outcome: "held", holder: view.first.holder, askAgainInMs: ASK_AGAIN_MS };
  }

  async #join({ name, token, ttlMs }: Claim): Promise<Place> {
    const { ID: leaseId } = await this.#client.call((etcd, options) =>
      etcd.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) }, options),
    );
    const key = `${this.#prefix}${name}/${BigInt(leaseId).toString(16)}`;
    const place: Place = { leaseId, key, revision: null, before: null, endWatch: null };
    this.#places.set(token, place);
    return place;
  }

  /** Makes the key, or finds that it has been made. Null when the lease has expired. */
  async #enter({ key, leaseId }: Place): Promise<string | null> {
    try {
      const reply = await this.#client.call((etcd, options) =>
        etcd
          .if(key, "Create", "==", 0)
          .then(
            etcd
              .put(key)
              .value(JSON.stringify({ holder: this.holder }))
              .lease(leaseId),
          )
          .else(etcd.get(key))
          .options(options)
          .commit(),
      );
      if (reply.succeeded) return reply.header.revision;
      return reply.responses[0]?.response_range.kvs[0]?.create_revision ?? null;
    } catch (error) {
      if (isLeaseGone(error)) return null;
      throw error;
    }
  }

  /** Null when the key does not exist. One transaction, so that the fence's base belongs to what is seen beside it. */
  async #look({ name }: Claim, { key, revision }: Place): Promise<View | null> {
    const line = (etcd: Etcd3) => etcd.getAll().prefix(`${this.#prefix}${name}/`).limit(1);
    const reply = await this.#client.call((etcd, options) =>
      etcd
        .if(key, "Create", "==", revision ?? 0)
        .then(
          line(etcd).sort("Create", "Ascend"),
          line(etcd)
            .sort("Create", "Descend")
            .maxCreateRevision(String(BigInt(revision ?? 0) - 1n)),
          etcd.get(this.#baseKey),
        )
        .options(options)
        .commit(),
    );
    const [first, before, base] = reply.responses.map(response => keyValueOf(response.response_range));
    if (!reply.succeeded || !first) return null;
    return {
      first: { key: first.key, holder: holderOf(first.value) },
      before: before?.key ?? null,
      base: base ? Number(base.value) : null,
    };
  }

  async #makeBase(): Promise<number> {
    const nowMicros = Math.floor(this.#nowMs() * 1_000);
    const reply = await this.#client.call((etcd, options) =>
      etcd
        .if(this.#baseKey, "Create", "==", 0)
        .then(etcd.put(this.#baseKey).value(String(nowMicros)))
        .else(etcd.get(this.#baseKey))
        .options(options)
        .commit(),
    );
    const [other] = reply.succeeded ? [] : reply.responses;
    return other ? Number(keyValueOf(other.response_range)?.value) : nowMicros;
  }

  async #isThere({ key, revision }: Place): Promise<boolean> {
    const reply = await this.#client.call((etcd, options) =>
      etcd
        .if(key, "Create", "==", revision ?? 0)
        .options(options)
        .commit(),
    );
    return revision !== null && reply.succeeded;
  }

  /** Wakes when the watch is set up, and when the key before changes. */
  #watch(token: string, place: Place): void {
    place.endWatch?.();
    place.endWatch = null;
    if (place.before === null) return;
    place.endWatch = this.#client.watch(place.before, () => this.#wakers.get(token)?.());
  }

  #forget(token: string): void {
    this.#places.get(token)?.endWatch?.();
    this.#places.delete(token);
  }

  async #revoke({ leaseId }: Place): Promise<void> {
    try {
      await this.#client.call((etcd, options) => etcd.leaseClient.leaseRevoke({ ID: leaseId }, options));
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
    }
  }
}

function keyValueOf(range: IRangeResponse): { readonly key: string; readonly value: string } | null {
  const kv = range.kvs[0];
  return kv ? { key: kv.key.toString(), value: kv.value.toString() } : null;
}

/** Who made a key; others than Bellwether write there what they like. */
function holderOf(value: string): string {
  try {
    return waiter.parse(JSON.parse(value)).holder;
  } catch {
    return "another client of etcd";
  }
}
