import { type AdminRole, ROLES } from "../../config/schemas/admin-schema.ts";

/** Who sends a request. */
export interface Caller {
  /** For the audit: the token's name, or the user's of a proxy. */
  readonly name: string;
  readonly role: AdminRole;
  readonly by:
    | { readonly kind: "token" | "proxy" | "loopback" }
    /** `csrf`: what a request that acts has to repeat in a header. */
    | { readonly kind: "session"; readonly id: string; readonly csrf: string };
}

/** Each role may do what those before it may. */
export function mayAct(role: AdminRole, needed: AdminRole): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
