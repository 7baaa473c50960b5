import type { z } from "zod";
import { okResponse } from "../schemas/responses.ts";

export interface RouteText {
  /** The name of the function in a generated client. */
  readonly operationId: string;
  readonly summary: string;
  readonly tag: "session" | "cluster" | "jobs" | "runs";
  /** Of the answer. */
  readonly answer: z.ZodType;
}

/** What OpenAPI says of a route. */
export function about({ operationId, summary, tag, answer }: RouteText) {
  return { operationId, summary, tags: [tag], response: okResponse(answer) };
}
