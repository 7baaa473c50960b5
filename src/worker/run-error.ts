import { types } from "node:util";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import { isThrownByOwnCode, withoutInternalFrames } from "../handlers/stack-frames.ts";

const MESSAGE_LIMIT = 2_000;
const STACK_LINES = 6;

/** BullMQ takes errors of these names as its own signals, and would leave the run active without a lock. */
const BULLMQ_SIGNALS = new Set(["DelayedError", "WaitingError", "WaitingChildrenError", "RateLimitError"]);
const BULLMQ_RATE_LIMIT = "bullmq:rateLimitExceeded";

/**
 * What a handler threw, as an error that BullMQ can store: it reads `message` without looking and keeps the whole
 * of it. BullMQ's UnrecoverableError passes as it is, so a handler can end its retries with it.
 */
export function toRunError(thrown: unknown): Error {
  if (!isError(thrown)) return new BellwetherError("BW_HANDLER_THREW", { thrown: clip(display(thrown)) });
  const isPlain = typeof thrown.message === "string" && thrown.message.length <= MESSAGE_LIMIT;
  const isSignal = BULLMQ_SIGNALS.has(thrown.name) || thrown.message === BULLMQ_RATE_LIMIT;
  if (isPlain && !isSignal) return thrown;
  const error = new Error(clip(`${thrown.name}: ${thrown.message}`));
  error.stack = String(thrown.stack ?? error.stack);
  return error;
}

/** An error's message and the head of its stack, for an event. Without frames that show nothing of the handler. */
export function describeError(thrown: unknown): { error: string; stack?: string } {
  if (!isError(thrown)) return { error: clip(display(thrown)) };
  const error = clip(String(thrown.message) || thrown.name);
  if (typeof thrown.stack !== "string") return { error };
  const shown = isOwnBug(thrown, thrown.stack) ? thrown.stack : withoutInternalFrames(thrown.stack);
  const frames = shown.split("\n").filter(line => /^\s+at /.test(line));
  if (frames.length === 0) return { error };
  return {
    error,
    stack: frames
      .slice(0, STACK_LINES)
      .map(line => line.trim())
      .join("\n"),
  };
}

/** Only Bellwether's own frames say where such an error comes from. */
function isOwnBug(error: Error, stack: string): boolean {
  if (isBellwetherError(error)) return isBellwetherError(error, "BW_BUG");
  return isThrownByOwnCode(stack);
}

function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

/** `undefined`, `"text"`, `{"a":1}`: what was thrown, however odd it is. */
function display(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function clip(text: string): string {
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT)}… (${text.length} characters)`;
}
