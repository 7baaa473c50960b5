import { z } from "zod";

/** RFC 9457. Further fields are those of the error in docs/errors.md. */
export const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "For people: what happened and what to do." }),
    code: z.string().meta({ description: "Stable, for programs: `BW_JOB_UNKNOWN`." }),
  })
  .meta({ id: "Problem" });

const answer = {
  description: "Why there is no such answer.",
  content: { "application/problem+json": { schema: problem } },
};

export const problems = { "4xx": answer, "5xx": answer };

/** What a route answers. A response is described by its schema and not checked by it: the types of the client do that. */
export function okResponse(schema: z.ZodType): Record<string, unknown> {
  return { ...problems, 200: { description: "OK", content: { "application/json": { schema } } } };
}
