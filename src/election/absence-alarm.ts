import type { Clock } from "../clock/clock.ts";
import { messageOf } from "../errors.ts";

export interface AbsenceAlarmOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly leaseTtlMs: number;
  readonly raise: (forMs: number, error: string) => void;
}

/** For a replica that cannot know whether there is a leader: others may be well. */
export function cannotSee(error: unknown): string {
  return `this replica cannot see who leads: ${messageOf(error)}`;
}

/**
 * Reports that something which an election needs is missing. The first report comes after two TTLs, since a normal
 * takeover after a freeze may take one. Later reports come at doubling intervals, so that they do not flood the log.
 */
export class AbsenceAlarm {
  readonly #options: AbsenceAlarmOptions;
  #sinceMs: number | null = null;
  #nextMs = 0;

  constructor(options: AbsenceAlarmOptions) {
    this.#options = options;
  }

  /** To be called whenever it is missing; `error` is why. */
  check(error: string): void {
    const { clock, leaseTtlMs, raise } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#sinceMs === null) {
      this.#sinceMs = nowMs;
      this.#nextMs = nowMs + 2 * leaseTtlMs;
    }
    if (nowMs < this.#nextMs) return;
    const forMs = Math.round(nowMs - this.#sinceMs);
    this.#nextMs = nowMs + forMs;
    raise(forMs, error);
  }

  /** For how long it has been missing; 0 while it is there. */
  get forMs(): number {
    return this.#sinceMs === null ? 0 : this.#options.clock.monotonicMs() - this.#sinceMs;
  }

  /** To be called whenever it is there. */
  clear(): void {
    this.#sinceMs = null;
  }
}
