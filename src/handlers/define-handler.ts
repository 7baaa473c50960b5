import type { HandlerFunction } from "./handler.ts";

/**
 * Marks what `defineHandler` made. In the registry of global symbols, so that a handler counts also when the
 * project's copy of the package is not the one that runs it. The value is the version of the handler contract.
 */
const HANDLER_CONTRACT = Symbol.for("bellwether.handler");
const CONTRACT_VERSION = 1;

export type DefinedHandler<Data = Record<string, unknown>> = HandlerFunction<Data> & {
  readonly [HANDLER_CONTRACT]: number;
};

/**
 * Makes a job's handler; the one default export of a file below `jobs/`.
 *
 *     export default defineHandler<{ format: string }>(async (data, run) => {
 *       run.log.info({ format: data.format }, "writing the report");
 *     });
 *
 * A run's handler is called at least once, and again after a failed attempt or the death of its replica. Make it
 * idempotent by `run.id` or `run.tick`, which are the same each time. A unit test can call it by itself.
 */
export function defineHandler<Data = Record<string, unknown>>(
  handler: HandlerFunction<Data>,
): DefinedHandler<Data> {
  const defined: HandlerFunction<Data> = (data, run) => handler(data, run);
  return Object.assign(defined, { [HANDLER_CONTRACT]: CONTRACT_VERSION });
}

/** True for what `defineHandler` made, in this copy of the package or another one of the same contract. */
export function isDefinedHandler(value: unknown): value is DefinedHandler {
  if (typeof value !== "function") return false;
  return (value as Partial<DefinedHandler>)[HANDLER_CONTRACT] === CONTRACT_VERSION;
}
