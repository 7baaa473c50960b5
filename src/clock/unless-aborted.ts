/** Why a wait ended before what was waited for. */
export class Aborted extends Error {}

/** Resolves and rejects as the work does; rejects with `Aborted` when the signal aborts first, or has. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new Aborted());
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    // First, so that work that has ended just now does not go on after the abort.
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
