import { keepingOf, LOCK_TTL } from "../clock/timing.ts";
import { Trust } from "../clock/trust.ts";
import { BellwetherError } from "../errors.ts";
import type { Events } from "../events.ts";
import { type LockLostReason, reasonText } from "../reasons.ts";
import type { GrantedClaim } from "./claim-lock.ts";
import type { Lock } from "./lock.ts";
import { type LockParts, tryRelease } from "./try-release.ts";

export interface HeldLockOptions extends LockParts, GrantedClaim {
  readonly events: Events;
  readonly run: string | null;
  /** What else aborts the lock's signal: the surrounding run's, for one. */
  readonly signals: readonly AbortSignal[];
}

const RETRY_MS = 100;

/**
 * A lock from its acquisition to its end:
 *
 *     held ──work has ended──▶ released
 *       │  trust ran out, or the store says that it is not ours
 *       ▼
 *     lost ──work has ended──▶ released (should the store still know it)
 *
 * Renewed until the work ends, also after the signal has aborted for another reason: work that
 * is stopping needs its protection until it has stopped.
 */
export class HeldLock {
  readonly lock: Lock;
  readonly #options: HeldLockOptions;
  readonly #acquiredMs: number;
  /** Aborts `lock.signal`. */
  readonly #ending = new AbortController();
  /** Ends the heartbeat. */
  readonly #over = new AbortController();
  readonly #trust: Trust;
  #wasAnswered = true;
  #lost: BellwetherError<"BW_LOCK_LOST"> | null = null;
  #keeping: Promise<void> | null = null;

  constructor(options: HeldLockOptions) {
    const { claim, fence, signals, clock, sentMs, random } = options;
    this.#options = options;
    this.#acquiredMs = clock.monotonicMs();
    const retryInMs = () => RETRY_MS * (0.5 + random());
    this.#trust = new Trust({ clock, keeping: keepingOf(claim.ttlMs, LOCK_TTL), sentMs, retryInMs });
    const signal = AbortSignal.any([this.#ending.signal, ...signals]);
    const look = () => this.#look();
    this.lock = {
      name: claim.name,
      fence,
      get signal() {
        look();
        return signal;
      },
    };
  }

  /** Why the lock was lost, or null while it is not. Reads the clock. */
  get lost(): BellwetherError<"BW_LOCK_LOST"> | null {
    this.#look();
    return this.#lost;
  }

  /** Begins the heartbeat. */
  start(): void {
    this.#keeping ??= this.#keep();
  }

  /** Aborts the signal and ends the heartbeat, but leaves the lock to its time to live: its work goes on. */
  abandon(): void {
    this.#end();
  }

  /** To be called when the work has ended: gives the lock back. Resolves in bounded time, whatever the store does. */
  async release(): Promise<void> {
    const { claim, clock, events, fence, run } = this.#options;
    const isLost = this.lost !== null;
    this.#end();
    await this.#keeping;
    // Tried briefly, so that waiting callers need not wait for the end of the TTL.
    await tryRelease(this.#options);
    const heldMs = Math.round(clock.monotonicMs() - this.#acquiredMs);
    if (!isLost) events.emit("lock.released", { lock: claim.name, fence, heldMs, run });
  }

  async #keep(): Promise<void> {
    const over = this.#over.signal;
    while (!over.aborted) {
      await this.#trust.wait(over);
      this.#look();
      if (over.aborted || !this.#trust.isDue) continue;
      const answer = await this.#trust.renew(() => this.#renew(), over);
      this.#wasAnswered = typeof answer === "string";
      this.#look();
    }
  }

  /**
   * An answer that is read after the trust has ended is ignored, also when it says "renewed": the lock may have ended, and
   * been another's, before the renewal arrived.
   */
  async #renew(): Promise<"renewed" | "lost"> {
    const { store, claim } = this.#options;
    const answer = await store.renew(claim);
    this.#wasAnswered = true;
    if (answer === "lost") this.#lose("taken");
    this.#look();
    return answer;
  }

  #look(): void {
    if (this.#over.signal.aborted || !this.#trust.isOver) return;
    this.#lose(this.#wasAnswered ? "expired" : "unreachable");
  }

  #lose(reason: LockLostReason): void {
    if (this.#over.signal.aborted) return;
    const { claim, clock, events, fence, run } = this.#options;
    const why = reasonText({ code: reason });
    this.#lost = new BellwetherError("BW_LOCK_LOST", { lock: claim.name, fence, reason: why });
    const heldMs = Math.round(clock.monotonicMs() - this.#acquiredMs);
    this.#over.abort();
    this.#ending.abort(this.#lost);
    events.emit("lock.lost", { lock: claim.name, fence, heldMs, run, reason, reasonCode: reason });
  }

  #end(): void {
    const { claim, fence } = this.#options;
    this.#over.abort();
    if (this.#ending.signal.aborted) return;
    const reason = "it was given back";
    this.#ending.abort(new BellwetherError("BW_LOCK_LOST", { lock: claim.name, fence, reason }));
  }
}
