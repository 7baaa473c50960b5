import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { HandlerFunction } from "./handler.ts";

/** What a job in code carries in place of its function, which is in no configuration. */
export interface FunctionRef {
  readonly kind: "function";
  /** The job's name. */
  readonly job: string;
}

/** What does the work of a job in code. */
export interface CodeHandler {
  readonly run: HandlerFunction<never>;
  /** Of the data; null where any mapping will do. */
  readonly schema: StandardSchemaV1 | null;
}

/** By job name. */
export type CodeHandlers = ReadonlyMap<string, CodeHandler>;
