import { z } from "zod";

/* What answers are made of, for OpenAPI. */

export const instant = z.string().meta({ format: "date-time" });
export const orNull = <S extends z.ZodType>(schema: S) => schema.nullable();
export const next = z
  .string()
  .nullable()
  .meta({ description: "The cursor of the next page; null on the last one." });

/** A page of a list. */
export function pageOf<S extends z.ZodType>(item: S, id: string) {
  return z.object({ items: z.array(item), next }).meta({ id });
}
