/** Failed attempts of one address within a minute, after which it has to wait. */
const MAX_FAILURES = 30;
const WINDOW_MS = 60_000;
/** Of more addresses the oldest is forgotten: a flood of them must not fill the memory. */
const MAX_ADDRESSES = 10_000;

/** How often each address has failed to prove who it is. It makes guessing of weak tokens slow. */
export class Failures {
  readonly #byAddress = new Map<string, { count: number; endAtMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** For how long the address has to wait (ms); 0 when it may try. */
  waitMs(address: string): number {
    const failed = this.#byAddress.get(address);
    if (failed === undefined || failed.count < MAX_FAILURES) return 0;
    return Math.max(failed.endAtMs - this.#nowMs(), 0);
  }

  add(address: string): void {
    const nowMs = this.#nowMs();
    const failed = this.#byAddress.get(address);
    const isOver = failed === undefined || failed.endAtMs <= nowMs;
    this.#byAddress.delete(address);
    this.#byAddress.set(
      address,
      isOver
        ? { count: 1, endAtMs: nowMs + WINDOW_MS }
        : { count: failed.count + 1, endAtMs: failed.endAtMs },
    );
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
  }
}
