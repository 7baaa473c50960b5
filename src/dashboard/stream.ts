/**
 * One event stream per browser. The tab that holds a Web Lock reads the stream and passes each event on; the others wait for
 * the lock, so that one of them goes on when that tab closes. Where the context is not secure there are no locks, and
 * each tab reads a stream of its own.
 */
import { batch, signal } from "@preact/signals";
import { readEvents, type StreamEvent } from "./event-source.ts";
import { BASE } from "./place.ts";
import { readSession } from "./session.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const CHANNEL = `bellwether-events ${BASE}`;

export interface Liveness {
  readonly isLive: boolean;
  /** Since when it has been so, by this machine's clock; null before the first connection. */
  readonly sinceMs: number | null;
}

type Message =
  | { readonly kind: "event"; readonly event: StreamEvent }
  | { readonly kind: "liveness"; readonly liveness: Liveness }
  | { readonly kind: "hello" };

export const liveness = signal<Liveness>({ isLive: false, sinceMs: null });

type Listener = (event: StreamEvent) => void;
const listeners = new Set<Listener>();

/** Hears each event from now on. Returns what ends that. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Everything that is shown is read again, as after changes that were missed. */
export function refreshAll(): void {
  receive({ type: "resync", id: null, data: {} });
}

/** Listens until the returned function is called: from signing in to signing out. */
export function startStream(): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  if (!navigator.locks || typeof BroadcastChannel === "undefined") {
    void holdStream(receive, setLiveness, signal);
    return () => ending.abort();
  }
  const channel = new BroadcastChannel(CHANNEL);
  const post = (message: Message) => channel.postMessage(message);
  let isHolder = false;
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === "event") receive(data.event);
    else if (data.kind === "liveness") setLiveness(data.liveness);
    else if (isHolder) post({ kind: "liveness", liveness: liveness.value });
  };
  post({ kind: "hello" });
  const held = navigator.locks.request(CHANNEL, { signal }, async () => {
    isHolder = true;
    await holdStream(
      event => {
        receive(event);
        post({ kind: "event", event });
      },
      next => {
        setLiveness(next);
        post({ kind: "liveness", liveness: next });
      },
      signal,
    );
  });
  // Rejects when the wait for the lock is given up.
  held.catch(() => undefined);
  signal.addEventListener("abort", () => channel.close());
  return () => ending.abort();
}

/** Reads the stream, again after each end of it, until the signal. */
async function holdStream(
  tell: (event: StreamEvent) => void,
  setState: (next: Liveness) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | null = null;
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    let hadConnection = false;
    try {
      await readEvents(lastId, signal, {
        opened: () => {
          hadConnection = true;
          waitMs = FIRST_WAIT_MS;
          setState({ isLive: true, sinceMs: Date.now() });
          // Whatever changed while there was no stream.
          if (lastId === null) tell({ type: "resync", id: null, data: {} });
        },
        event: event => {
          lastId = event.id ?? lastId;
          // The replica that serves the stream cannot read Redis for now.
          const { live } = event.data;
          if (event.type === "live" && live !== liveness.value.isLive)
            setState({ isLive: live === true, sinceMs: Date.now() });
          tell(event);
        },
      });
    } catch {
      // Any end of a stream is answered alike: wait, and connect again.
    }
    if (signal.aborted) return;
    if (hadConnection || liveness.value.isLive) setState({ isLive: false, sinceMs: Date.now() });
    // The session may have ended; then the page shows the sign-in, and this stream is stopped.
    await readSession();
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

function receive(event: StreamEvent): void {
  batch(() => {
    for (const listener of [...listeners]) listener(event);
  });
}

function setLiveness(next: Liveness): void {
  liveness.value = next;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
