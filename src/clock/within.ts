import type { Clock } from "./clock.ts";
import { sleep } from "./sleep.ts";

export interface WithinOptions {
  /** Whose time it is; the machine's by default. */
  readonly clock?: Pick<Clock, "sleep">;
  /** Ends the wait as the limit does. */
  readonly signal?: AbortSignal;
}

/** What the work comes to, or `late` when it has not ended within the limit; then it goes on, and what it comes to is ignored. */
export async function within<T, L>(
  work: Promise<T>,
  limitMs: number,
  late: L,
  { clock = { sleep }, signal }: WithinOptions = {},
): Promise<T | L> {
  const ended = new AbortController();
  const ending = signal ? AbortSignal.any([ended.signal, signal]) : ended.signal;
  try {
    return await Promise.race([work, clock.sleep(limitMs, ending).then(() => late)]);
  } finally {
    ended.abort();
  }
}

/** True when the work ends within the limit, also when it fails; false when it goes on. Never rejects. */
export async function settlesWithin(
  work: Promise<unknown>,
  limitMs: number,
  options?: WithinOptions,
): Promise<boolean> {
  const settled = Promise.allSettled([work]).then(() => true);
  return await within(settled, limitMs, false, options);
}
