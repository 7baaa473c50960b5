import { types } from "node:util";
import { UnrecoverableError } from "bullmq";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import { isThrownByOwnCode, withoutInternalFrames } from "../handlers/stack-frames.ts";
import { attempt, readThrown, type Thrown } from "../handlers/thrown.ts";
import { withoutStack } from "../handlers/without-stack.ts";
import type { FailReason } from "../reasons.ts";

const MESSAGE_LIMIT = 2_000;
/** A text that was clipped stays as it is. */
const SUFFIX_LIMIT = 50;
const NAME_LIMIT = 100;
const STACK_LIMIT = 10_000;
const STACK_LINES = 6;

/** BullMQ takes errors of these names as its own signals, and would leave the run active without a lock. */
const BULLMQ_SIGNALS = new Set(["DelayedError", "WaitingError", "WaitingChildrenError", "RateLimitError"]);
const BULLMQ_RATE_LIMIT = "bullmq:rateLimitExceeded";

/** What handlers threw, by the copies that BullMQ gets. */
const originals = new WeakMap<Error, Error>();

/** What the handler threw, for programs; the error itself where it is no copy. */
export function thrownBy(error: Error): Error {
  return originals.get(error) ?? error;
}

/** A failure that no retry can change, and why. */
class FinalFailure extends UnrecoverableError {
  readonly reason: FailReason;

  constructor(message: string, reason: FailReason) {
    super(message);
    this.reason = reason;
    withoutStack(this);
  }
}

/** Why a run that failed is not tried again, where that is no matter of its attempts. */
export function failReasonOf(error: unknown): FailReason | null {
  return error instanceof FinalFailure ? error.reason : null;
}

/**
 * What a handler threw, as an error that BullMQ can store. BullMQ reads it several times, without looking, and keeps the
 * whole of it; so it gets a copy, which no getter of the handler's can break. A handler ends its retries with BullMQ's
 * UnrecoverableError, so a copy of one is one.
 */
export function toRunError(thrown: unknown): Error {
  const read = readThrown(thrown);
  if (!read.isError) return new BellwetherError("BW_HANDLER_THREW", { thrown: clip(read.message) });
  if (isOwn(thrown) && thrown.code === "BW_DATA_INVALID") {
    return new FinalFailure(clip(read.message), { code: "data_invalid" });
  }
  if (isOwn(thrown) && read.stack !== null && read.message.length <= MESSAGE_LIMIT) return thrown;
  const isSignal = BULLMQ_SIGNALS.has(read.name) || read.message === BULLMQ_RATE_LIMIT;
  const isClipped = read.message.length > MESSAGE_LIMIT;
  const message = clip(isSignal || isClipped ? `${read.name}: ${read.message}` : read.message);
  const error = isUnrecoverable(thrown, read) ? new UnrecoverableError(message) : new Error(message);
  if (!isSignal) error.name = read.name.slice(0, NAME_LIMIT);
  error.stack = stackOf(read, message);
  // Of a Proxy not even the type is certain.
  if (types.isNativeError(thrown)) originals.set(error, thrown);
  return error;
}

/** An error's message and the head of its stack, for an event. Without frames that show nothing of the handler. */
export function describeError(thrown: unknown): { error: string; stack?: string } {
  const read = readThrown(thrown);
  const error = clip(read.message || read.name);
  if (read.stack === null) return { error };
  const shown = isOwnBug(thrown, read.stack) ? read.stack : withoutInternalFrames(read.stack);
  const frames = shown.split("\n").filter(line => /^\s+at /.test(line));
  if (frames.length === 0) return { error };
  return {
    error,
    stack: frames
      .slice(0, STACK_LINES)
      .map(line => clip(line.trim()))
      .join("\n"),
  };
}

/** Without the message, which may be huge and is beside it already. */
function stackOf({ name, message, stack }: Thrown, shown: string): string {
  const head = `${name}: ${shown}`;
  if (stack === null) return head;
  const frames = message.length > MESSAGE_LIMIT ? stack.slice(stack.indexOf(message) + message.length) : null;
  return (frames === null || !stack.includes(message) ? stack : `${head}${frames}`).slice(0, STACK_LIMIT);
}

function isUnrecoverable(thrown: unknown, { name }: Thrown): boolean {
  return name === "UnrecoverableError" || (attempt(() => thrown instanceof UnrecoverableError) ?? false);
}

/** Only Bellwether's own frames say where such an error comes from. */
function isOwnBug(error: unknown, stack: string): boolean {
  if (isOwn(error)) return error.code === "BW_BUG";
  return isThrownByOwnCode(stack);
}

/** A Proxy may answer otherwise the next time. */
function isOwn(error: unknown): error is BellwetherError {
  return !types.isProxy(error) && (attempt(() => isBellwetherError(error)) ?? false);
}

function clip(text: string): string {
  return text.length <= MESSAGE_LIMIT + SUFFIX_LIMIT
    ? text
    : `${text.slice(0, MESSAGE_LIMIT)}… (${text.length} characters)`;
}
