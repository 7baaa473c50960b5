export interface StopRequest {
  /** The first request: stop in good order. */
  readonly graceful: AbortSignal;
  /** Asked again: end everything immediately. */
  readonly immediate: AbortSignal;
  /** Does what a signal does. */
  readonly ask: () => void;
}

/** `process`, as this file needs it. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void): unknown;
}

/**
 * Turns signals into requests to stop. npm and a terminal deliver one Ctrl-C two or three times within milliseconds. So
 * a signal within a third of a second of the first is the same request. The listeners stay for good: a repeat that
 * comes when all is done must not end the process with that signal.
 */
export function stopOnSignals(
  source: SignalSource,
  nowMs: () => number = () => performance.now(),
): StopRequest {
  const graceful = new AbortController();
  const immediate = new AbortController();
  let firstAtMs: number | null = null;
  const ask = () => {
    firstAtMs ??= nowMs();
    if (!graceful.signal.aborted) graceful.abort();
    else if (nowMs() - firstAtMs > SAME_REQUEST_MS) immediate.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) source.on(signal, ask);
  return { graceful: graceful.signal, immediate: immediate.signal, ask };
}

const SAME_REQUEST_MS = 333;
