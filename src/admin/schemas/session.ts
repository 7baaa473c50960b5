import { z } from "zod";
import { ROLES } from "../../config/schemas/admin-schema.ts";

export const sessionInfo = z
  .object({
    name: z.string().meta({ description: "The token's name, or the user's of a proxy." }),
    role: z.enum(ROLES),
    signedInBy: z.enum(["session", "token", "proxy", "loopback"]),
    csrf: z.string().nullable().meta({
      description: "What a request that acts has to repeat as X-CSRF-Token; null where it need not.",
    }),
    viewersSeeData: z.boolean(),
    clock: z
      .string()
      .meta({ format: "date-time", description: "The time of Redis, which all replicas follow." }),
  })
  .meta({ id: "Session" });
