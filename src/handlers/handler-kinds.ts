import type { z } from "zod";
import { commandKind } from "./kinds/command.ts";
import { functionKind } from "./kinds/function.ts";
import { httpKind } from "./kinds/http.ts";
import { moduleKind } from "./kinds/module.ts";

/** The kinds of handlers, of which a job has exactly one, by `kind` of their references; messages keep the order. */
export const HANDLER_KINDS = {
  module: moduleKind,
  command: commandKind,
  http: httpKind,
  function: functionKind,
};

/** What does a run's work. */
export type HandlerRef = z.output<(typeof HANDLER_KINDS)[keyof typeof HANDLER_KINDS]["schema"]>;
