import { text } from "../../config/schemas/fields.ts";
import type { FunctionRef } from "../code-handlers.ts";
import type { HandlerKind } from "../handler-kind.ts";

/**
 * A function that was given with its job, in code. A document holds the job's name in place of the function, so the hash of
 * the job leaves the function out.
 */
export const functionKind = {
  key: "run",
  isCode: true,
  schema: text("a function").transform((job): FunctionRef => ({ kind: "function", job })),
  description: "In code only: the function that does the work.",
  secrets: [],
  names: [[]],
  describe: () => "a function in code",
  load: async (ref, { functions }) => (await import("../function-handler.ts")).loadFunction(ref, functions),
} as const satisfies HandlerKind<FunctionRef>;
