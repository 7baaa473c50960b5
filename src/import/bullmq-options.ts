import { durationText } from "../schedule/duration.ts";

/** What becomes of a BullMQ job's options. */
export interface CarriedOptions {
  readonly definition: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

const MAX_ATTEMPTS = 100;

/** Written by BullMQ itself, or read elsewhere. */
const OWN =
  /^(attempts|backoff|timeout|priority|lifo|repeat|jobId|delay|timestamp|prevMillis|repeatJobKey|attempt|tm|omc)$/;
/** BullMQ stores some options under short names. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  de: "deduplication",
  fpof: "failParentOnFailure",
  cpof: "continueParentOnFailure",
  idof: "ignoreDependencyOnFailure",
  rdof: "removeDependencyOnFailure",
  kl: "keepLogs",
};

export function carryOptions(options: Readonly<Record<string, unknown>>): CarriedOptions {
  const { attempts, backoff, timeout, priority, lifo } = options;
  const notes: string[] = [];
  const retry: Record<string, unknown> = {};
  if (typeof attempts === "number" && attempts > 1) {
    retry["attempts"] = Math.min(attempts, MAX_ATTEMPTS);
    if (attempts > MAX_ATTEMPTS)
      notes.push(`${attempts} attempts are more than the ${MAX_ATTEMPTS} that are allowed`);
    Object.assign(retry, carryBackoff(backoff, notes));
  }
  const others = Object.keys(options).filter(key => !OWN.test(key) && options[key] !== undefined);
  if (others.length > 0) notes.push(`without its ${others.map(key => LONG_NAMES[key] ?? key).join(", ")}`);
  return {
    definition: {
      retry: Object.keys(retry).length > 0 ? retry : undefined,
      priority: typeof priority === "number" && priority > 0 ? priority : undefined,
      lifo: lifo === true ? lifo : undefined,
      timeout: typeof timeout === "number" && timeout > 0 ? durationText(timeout) : undefined,
    },
    notes,
  };
}

/** A number is a fixed delay in ms; without one BullMQ retries immediately. */
function carryBackoff(backoff: unknown, notes: string[]): Record<string, unknown> {
  if (typeof backoff === "number") return { backoff: "fixed", delay: durationText(backoff) };
  if (typeof backoff !== "object" || backoff === null) return { backoff: "fixed", delay: "0s" };
  const { type, delay = 0, jitter } = backoff as { type?: unknown; delay?: unknown; jitter?: unknown };
  const delayText = durationText(typeof delay === "number" ? delay : 0);
  const random = typeof jitter === "number" && jitter > 0 ? { jitter } : {};
  if (type === "fixed" || type === "exponential") return { backoff: type, delay: delayText, ...random };
  notes.push(
    `its backoff ${JSON.stringify(type)} is a function of the worker's: expected exponential or fixed`,
  );
  return { backoff: "exponential", delay: delayText };
}
