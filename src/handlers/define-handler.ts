import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BellwetherError } from "../errors.ts";
import { isSchema } from "./data-schema.ts";
import type { HandlerFunction, Run } from "./handler.ts";

/**
 * Marks what `defineHandler` made. In the registry of global symbols, so that a handler counts also when the
 * project's copy of the package is not the one that runs it. The value is the version of the handler contract.
 */
const HANDLER_CONTRACT = Symbol.for("bellwether.handler");
const CONTRACT_VERSION = 1;
/** Where a handler has the schema of its data. */
const DATA_SCHEMA = Symbol.for("bellwether.handler.schema");

/** What `defineHandler` made. `Result`: what it returns, for tests. */
export type DefinedHandler<Data = Record<string, unknown>, Result = unknown> = ((
  data: Data,
  run: Run,
) => Result) & {
  readonly [HANDLER_CONTRACT]: number;
  readonly [DATA_SCHEMA]?: StandardSchemaV1;
};

/** A handler whose data has a schema, of any library that follows Standard Schema (zod, valibot, arktype). */
export interface CheckedHandlerOptions<S extends StandardSchemaV1, Result = unknown> {
  /** Must answer immediately. What it returns, with its defaults and conversions, is the data that `run` gets. */
  readonly schema: S;
  readonly run: (data: StandardSchemaV1.InferOutput<S>, run: Run) => Result;
}

/**
 * Makes a job's handler; the one default export of a file below `jobs/`.
 *
 *     export default defineHandler<{ format: string }>(async (data, run) => {
 *       run.log.info({ format: data.format }, "writing the report");
 *     });
 *
 * A run's handler is called at least once, and again after a failed attempt or the death of its replica. Make it
 * idempotent by `run.id` or `run.tick`, which are the same each time. A unit test can call it by itself.
 *
 * With a schema the data has its type, and is checked: the job's own data at the start, and that of each run before the handler
 * is called. Data that does not fit fails the run without a retry. A call by itself does not check.
 *
 *     export default defineHandler({
 *       schema: z.object({ format: z.enum(["csv", "pdf"]) }),
 *       run: async (data, run) => { … },
 *     });
 */
export function defineHandler<S extends StandardSchemaV1, Result>(
  options: CheckedHandlerOptions<S, Result>,
): DefinedHandler<StandardSchemaV1.InferOutput<S>, Result>;
export function defineHandler<Data = Record<string, unknown>, Result = unknown>(
  handler: (data: Data, run: Run) => Result,
): DefinedHandler<Data, Result>;
export function defineHandler<Data>(
  given: HandlerFunction<Data> | { readonly schema: StandardSchemaV1; readonly run: HandlerFunction<Data> },
): DefinedHandler<Data> {
  const { run, schema } = typeof given === "function" ? { run: given, schema: undefined } : given;
  if (schema !== undefined && !isSchema(schema)) {
    const problem =
      "defineHandler: schema is none of a library that follows Standard Schema, such as zod, valibot or arktype";
    throw new BellwetherError("BW_USAGE", { problem });
  }
  const defined: HandlerFunction<Data> = (data, about) => run(data, about);
  const marks = { [HANDLER_CONTRACT]: CONTRACT_VERSION };
  return Object.assign(defined, schema === undefined ? marks : { ...marks, [DATA_SCHEMA]: schema });
}

/** The schema of the data that `defineHandler` was given, also by another copy of the package; null without one. */
export function schemaOf(handler: unknown): StandardSchemaV1 | null {
  const schema = isDefinedHandler(handler) ? handler[DATA_SCHEMA] : null;
  return isSchema(schema) ? schema : null;
}

/** True for what `defineHandler` made, in this copy of the package or another one of the same contract. */
export function isDefinedHandler(value: unknown): value is DefinedHandler {
  if (typeof value !== "function") return false;
  return (value as Partial<DefinedHandler>)[HANDLER_CONTRACT] === CONTRACT_VERSION;
}
