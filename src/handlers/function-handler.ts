import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BellwetherError } from "../errors.ts";
import type { CodeHandler, CodeHandlers, FunctionRef } from "./code-handlers.ts";
import { checkData } from "./data-schema.ts";
import type { Handler, HandlerFunction, Run } from "./handler.ts";
import type { LoadedHandler } from "./handler-kind.ts";

/** A handler that is a function, of a module or of a job in code. It gets no data that its schema refuses. */
export class FunctionHandler implements Handler {
  readonly #run: HandlerFunction;
  readonly #schema: StandardSchemaV1 | null;

  constructor({ run, schema }: CodeHandler) {
    this.#run = run as HandlerFunction;
    this.#schema = schema;
  }

  check(data: Record<string, unknown>): readonly string[] {
    const checked = checkData(this.#schema, data);
    return checked.outcome === "valid" ? [] : checked.problems;
  }

  async handle(data: Record<string, unknown>, run: Run): Promise<unknown> {
    const checked = checkData(this.#schema, data);
    if (checked.outcome === "valid") return this.#run(checked.data as Record<string, unknown>, run);
    throw new BellwetherError("BW_DATA_INVALID", { job: run.job, problems: checked.problems });
  }
}

export function loadFunction({ job }: FunctionRef, functions: CodeHandlers): LoadedHandler {
  const found = functions.get(job);
  return found ? { handler: new FunctionHandler(found) } : { problem: "its function is in another program" };
}
