import type { HandlerKind } from "../handlers/handler-kind.ts";
import { HANDLER_KINDS, type HandlerRef } from "../handlers/handler-kinds.ts";

/** What does a job's work, for people and without secrets; null where the job has no handler of its own. */
export function describeHandler(handler: HandlerRef | null): string | null {
  if (handler === null) return null;
  const kind: HandlerKind = HANDLER_KINDS[handler.kind];
  return kind.describe(handler);
}
