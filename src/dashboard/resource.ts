import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { StreamEvent } from "./event-source.ts";
import type { Parameters } from "./place.ts";
import { get, messageOf, RefusedError } from "./request.ts";
import { session } from "./session.ts";
import { liveness, onEvent } from "./stream.ts";

/** The least time between two reads: of what changed singly, and of what changes all the time on a busy cluster. */
export const SOON_MS = 300;
export const CALM_MS = 3_000;
/** How often a resource is read again while the stream is not live, or the last read failed. */
const UNLIVE_MS = 5_000;
const RETRY_MS = 3_000;
/** What changes all the time is read for this share of the time at most: a server that is busy, or has much to read, gets fewer reads. */
const READING_SHARE = 0.05;

export interface Resource<T> {
  /** What was read last; stays while newer is read, and when that fails. */
  readonly data: Signal<T | null>;
  readonly problem: Signal<string | null>;
  readonly isLoading: Signal<boolean>;
  readonly reload: () => void;
}

/** Whether an event changes what a resource shows: the least time since the last read, or null. */
export type Concerns = (event: StreamEvent) => number | null;

export const never: Concerns = () => null;

/** Events of these types. `resync` concerns everything. */
export function anyOf(...types: readonly string[]): Concerns {
  return ({ type }) => (types.includes(type) ? SOON_MS : null);
}

/** Events about this job. */
export function ofJob(name: string): Concerns {
  return ({ type, data }) => {
    if (type === "leader") return CALM_MS;
    if (data["job"] === name || data["name"] === name) return SOON_MS;
    return type === "counts" && Array.isArray(data["jobs"]) && data["jobs"].includes(name) ? CALM_MS : null;
  };
}

/** The least time between two reads, where the last one took `tookMs`. */
export function pacedMs(apartMs: number, tookMs: number): number {
  return apartMs < CALM_MS ? apartMs : Math.max(apartMs, tookMs / READING_SHARE);
}

/** Reads `path` now, when it changes, and after events that concern it. A null path is not read. */
export function useResource<T>(path: string | null, parameters: Parameters, concerns: Concerns): Resource<T> {
  const key = path === null ? null : `${path} ${JSON.stringify(parameters)}`;
  const reader = useMemo(() => new Reader<T>(), []);
  useEffect(() => {
    if (path !== null) reader.read(path, parameters);
    return () => reader.stop();
  }, [key]);
  useEffect(
    () =>
      onEvent(event => {
        const apartMs = event.type === "resync" ? SOON_MS : concerns(event);
        if (apartMs !== null) reader.refresh(apartMs);
      }),
    [concerns],
  );
  // Without the stream the resource reads again by itself: this begins it.
  useEffect(() => liveness.subscribe(({ isLive }) => !isLive && reader.refresh(SOON_MS)), []);
  return reader;
}

class Reader<T> implements Resource<T> {
  readonly data = signal<T | null>(null);
  readonly problem = signal<string | null>(null);
  readonly isLoading = signal(false);
  #path: string | null = null;
  #parameters: Parameters = {};
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #isStale = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  read(path: string, parameters: Parameters): void {
    this.#path = path;
    this.#parameters = parameters;
    void this.#fetch();
  }

  readonly reload = (): void => this.refresh(0);

  /** Reads again when the last read is `apartMs` old; in a hidden tab when it is shown again. */
  refresh(apartMs: number): void {
    if (this.#path === null) return;
    if (!document.hidden) {
      const dueAtMs = this.#startedAtMs + pacedMs(apartMs, this.#tookMs);
      this.#schedule(Math.max(0, dueAtMs - performance.now()));
    } else if (!this.#isStale) {
      this.#isStale = true;
      document.addEventListener("visibilitychange", () => this.#shownAgain(), { once: true });
    }
  }

  #shownAgain(): void {
    this.#isStale = false;
    this.reload();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#abort?.abort();
    this.#path = null;
  }

  /** The next read is due in `ms`, or sooner if it was already. */
  #schedule(ms: number): void {
    const atMs = performance.now() + ms;
    if (atMs >= this.#dueAtMs) return;
    this.#dueAtMs = atMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetch(), ms);
  }

  async #fetch(): Promise<void> {
    if (this.#path === null) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#startedAtMs = performance.now();
    this.isLoading.value = true;
    try {
      this.data.value = await get<T>(this.#path, this.#parameters, abort.signal);
      this.problem.value = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      if (error instanceof RefusedError && error.status === 401) session.value = null;
      this.problem.value = messageOf(error);
    }
    if (this.#abort !== abort) return;
    this.#tookMs = performance.now() - this.#startedAtMs;
    this.isLoading.value = false;
    if (this.problem.value !== null) this.#schedule(RETRY_MS);
    else if (!liveness.value.isLive) this.#schedule(UNLIVE_MS);
  }
}
