import type { Clock } from "../clock/clock.ts";
import type { Progress } from "../election/progress.ts";
import { isBellwetherError, messageOf } from "../errors.ts";

const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;

/** A row of failures without a success between them. */
export class FailureStreak {
  readonly #clock: Clock;
  readonly #progress: Progress | undefined;
  #sinceMs: number | null = null;
  #failures = 0;
  #isReported = false;

  constructor(clock: Clock, progress: Progress | undefined) {
    this.#clock = clock;
    this.#progress = progress;
  }

  record(error: unknown): { readonly forMs: number; readonly retryMs: number } {
    if (isAnswer(error)) this.#progress?.refuse();
    else this.#progress?.fail(messageOf(error));
    const nowMs = this.#clock.monotonicMs();
    this.#sinceMs ??= nowMs;
    this.#failures++;
    const retryMs = Math.min(MIN_RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    return { forMs: nowMs - this.#sinceMs, retryMs };
  }

  /** True once in each row: a failure is reported when it begins. */
  isFirstReport(): boolean {
    const isFirstReport = !this.#isReported;
    this.#isReported = true;
    return isFirstReport;
  }

  end(): void {
    this.#progress?.succeed();
    this.#sinceMs = null;
    this.#failures = 0;
    this.#isReported = false;
  }
}

const UNANSWERED: ReadonlySet<string> = new Set([
  "BW_REDIS_AWAY",
  "BW_REDIS_NO_ANSWER",
  "BW_CONNECTION_CHANGED",
]);

/** Whether Redis has answered, with a refusal. */
function isAnswer(error: unknown): boolean {
  if (!isBellwetherError(error)) return error instanceof Error && error.name === "ReplyError";
  return !UNANSWERED.has(error.code);
}
