import type { EtcdClient } from "../etcd/client.ts";
import { EtcdPlace, fieldOf, type LineView } from "../etcd/place.ts";
import type { Claim, ClaimOutcome, LockStore } from "./lock-store.ts";

/** Wakeups come through watches; this is for those that do not. */
const ASK_AGAIN_MS = 2_000;

export interface EtcdLockStoreOptions {
  /** Closed with the store. */
  readonly client: EtcdClient;
  readonly namespace: string;
  /** Unique per process start. */
  readonly holder: string;
  /** Epoch milliseconds; read once in the life of an etcd cluster. */
  readonly nowMs: () => number;
}

/** What this process keeps of a claim. */
interface Waiter {
  readonly place: EtcdPlace;
  asking: Promise<unknown>;
  /** The key of the next one before, whose end is the time to ask again. */
  before: string | null;
  wake: (() => void) | null;
  endWatch: (() => void) | null;
}

/**
 * Locks in etcd: one key for each claim in the line `/<namespace>/locks/<name>/`, and the first one holds the lock. First
 * come, first served; each waits for the one before it alone.
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
  readonly #waiters = new Map<string, Waiter>();

  constructor(options: EtcdLockStoreOptions) {
    this.#client = options.client;
    this.#prefix = `/${options.namespace}/locks/`;
    this.#baseKey = `/${options.namespace}/lock-fence-base`;
    this.holder = options.holder;
    this.#nowMs = options.nowMs;
  }

  acquire(claim: Claim): Promise<ClaimOutcome> {
    const waiter = this.#waiterOf(claim);
    const asking = this.#ask(claim, waiter);
    waiter.asking = asking.catch(() => undefined);
    return asking;
  }

  async renew({ token }: Claim): Promise<"renewed" | "lost"> {
    return (await this.#waiters.get(token)?.place.keep()) ? "renewed" : "lost";
  }

  /** A claim that arrives late finds its lease revoked, or no key to go with its lease: it needs no mark. */
  async release(claim: Claim): Promise<void> {
    const waiter = this.#waiters.get(claim.token);
    // What is still being asked for would otherwise join the line after it was left.
    await waiter?.asking;
    await waiter?.place.leave();
    this.forget(claim);
  }

  forget({ token }: Claim): void {
    this.#waiters.get(token)?.endWatch?.();
    this.#waiters.delete(token);
  }

  onChange(claim: Claim, wake: () => void): () => void {
    const waiter = this.#waiterOf(claim);
    waiter.wake = wake;
    this.#watch(waiter);
    return () => {
      waiter.wake = null;
      waiter.endWatch?.();
    };
  }

  async close(): Promise<void> {
    for (const { endWatch } of this.#waiters.values()) endWatch?.();
    this.#waiters.clear();
    this.#client.close();
  }

  #waiterOf({ name, token }: Claim): Waiter {
    const known = this.#waiters.get(token);
    if (known) return known;
    const place = new EtcdPlace(this.#client, `${this.#prefix}${name}/`);
    const waiter = { place, asking: Promise.resolve(), before: null, wake: null, endWatch: null };
    this.#waiters.set(token, waiter);
    return waiter;
  }

  async #ask({ ttlMs }: Claim, waiter: Waiter): Promise<ClaimOutcome> {
    const value = JSON.stringify({ holder: this.holder });
    const view = await waiter.place.visit({ value, ttlMs, idleMs: 0, beside: this.#baseKey });
    if (view.first.key === view.own.key) return { outcome: "granted", fence: await this.#fenceOf(view) };
    const before = view.before?.key ?? null;
    if (waiter.before !== before) {
      waiter.before = before;
      if (waiter.wake) this.#watch(waiter);
    }
    const holder = fieldOf(view.first, "holder") ?? "another client of etcd";
    return { outcome: "held", holder, askAgainInMs: ASK_AGAIN_MS };
  }

  /** The base is read with the line, so that it belongs to the cluster that counted the revision. */
  async #fenceOf({ own, beside }: LineView): Promise<number> {
    const base = beside === null ? await this.#makeBase() : Number(beside);
    return base + Number(own.revision);
  }

  async #makeBase(): Promise<number> {
    const nowMicros = Math.floor(this.#nowMs() * 1_000);
    const reply = await this.#client.transact(etcd => {
      const isNew = etcd.if(this.#baseKey, "Create", "==", 0);
      return isNew.then(etcd.put(this.#baseKey).value(String(nowMicros))).else(etcd.get(this.#baseKey));
    });
    const [other] = reply.succeeded ? [] : reply.responses;
    return other ? Number(other.response_range.kvs[0]?.value) : nowMicros;
  }

  /** Wakes when the watch is set up, and when the key before changes. */
  #watch(waiter: Waiter): void {
    waiter.endWatch?.();
    const { before } = waiter;
    waiter.endWatch = before === null ? null : this.#client.watch(before, () => waiter.wake?.());
  }
}
