import { randomUUID } from "node:crypto";
import { keepingOf, LOCK_TTL } from "../clock/timing.ts";
import { Aborted, unlessAborted } from "../clock/unless-aborted.ts";
import { Wakeup } from "../clock/wakeup.ts";
import { BellwetherError, messageOf } from "../errors.ts";
import type { LockRequest } from "./lock-request.ts";
import type { Claim, ClaimOutcome, LockStore } from "./lock-store.ts";
import { type LockParts, type TryReleaseOptions, tryRelease } from "./try-release.ts";

export interface GrantedClaim extends Pick<TryReleaseOptions, "claim" | "isInDoubt"> {
  readonly fence: number;
  /** Monotonic; when the claim that was granted was sent. */
  readonly sentMs: number;
}

type Answer = ClaimOutcome | { readonly outcome: "no answer"; readonly error: string };

/** Waiters that are woken together ask one after the other. */
const WAKE_JITTER_MS = 20;
const RETRY_MS = 250;

/**
 * Asks with one token until the lock is granted, the time has run out, or the signal aborts: at each wakeup, and
 * otherwise as often as the store advises. Rejects with BW_LOCK_TIMEOUT, BW_LOCK_UNREACHABLE or the signal's reason;
 * nothing is then left in the store, if the store answers.
 */
export async function claimLock(
  options: LockParts,
  request: LockRequest,
  signal: AbortSignal,
): Promise<GrantedClaim> {
  const { store, clock } = options;
  const { name, ttlMs, waitMs } = request;
  signal.throwIfAborted();
  const claim = { name, token: randomUUID(), ttlMs };
  const startedMs = clock.monotonicMs();
  const wakeup = new Wakeup();
  let unsubscribe: (() => void) | null = null;
  let answer: Answer;
  let isInDoubt = false;
  let isGranted = false;
  try {
    for (;;) {
      const sentMs = clock.monotonicMs();
      answer = await ask(store, claim, signal);
      isInDoubt ||= answer.outcome === "no answer";
      isGranted = answer.outcome === "granted";
      signal.throwIfAborted();
      const nowMs = clock.monotonicMs();
      if (answer.outcome === "granted" && nowMs < sentMs + keepingOf(ttlMs, LOCK_TTL).trustMs) {
        return { claim, fence: answer.fence, sentMs, isInDoubt };
      }
      const leftMs = startedMs + waitMs - nowMs;
      if (leftMs <= 0) throw refusal(store, name, answer, Math.round(nowMs - startedMs));
      unsubscribe ??= store.onChange(claim, () => wakeup.notify());
      await pause(options, answer, Math.min(leftMs, ttlMs / 3), wakeup, signal);
    }
  } catch (error) {
    // A claim that was not answered may have been granted, or may be granted later; one that waits may be in a line.
    if (isInDoubt || isGranted || store.isFair) await tryRelease({ ...options, claim, isInDoubt });
    else store.forget(claim);
    throw error;
  } finally {
    unsubscribe?.();
  }
}

/** One try. A signal that aborts meanwhile is not kept waiting for the store. */
async function ask(store: LockStore, claim: Claim, signal: AbortSignal): Promise<Answer> {
  try {
    return await unlessAborted(store.acquire(claim), signal);
  } catch (error) {
    return { outcome: "no answer", error: error instanceof Aborted ? "given up" : messageOf(error) };
  }
}

/** Until a wakeup, or when it may be of use to ask again. */
async function pause(
  { store, clock, random }: LockParts,
  answer: Answer,
  limitMs: number,
  wakeup: Wakeup,
  signal: AbortSignal,
): Promise<void> {
  const adviceMs = answer.outcome === "held" ? answer.askAgainInMs : RETRY_MS * (0.5 + random());
  await clock.sleep(Math.min(limitMs, adviceMs), AbortSignal.any([wakeup.signal, signal]));
  wakeup.clear();
  if (!store.isFair) await clock.sleep(Math.min(limitMs, random() * WAKE_JITTER_MS), signal);
}

function refusal(store: LockStore, lock: string, answer: Answer, waitedMs: number): BellwetherError {
  if (answer.outcome === "held") {
    const { holder } = answer;
    return new BellwetherError("BW_LOCK_TIMEOUT", { lock, holder, waitedMs, isOwn: holder === store.holder });
  }
  const error = answer.outcome === "granted" ? "the lock was over when the answer came" : answer.error;
  return new BellwetherError("BW_LOCK_UNREACHABLE", { lock, store: store.kind, waitedMs, error });
}
