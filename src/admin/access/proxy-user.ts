import { isUtf8 } from "node:buffer";
import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import type { AdminConfig } from "../../config/config.ts";
import { type AdminRole, blockListOf, ROLES } from "../../config/schemas/admin-schema.ts";

export type ProxyConfig = NonNullable<AdminConfig["proxy"]>;

/** What a proxy says about a user. */
export interface ProxyUser {
  readonly name: string;
  /** Null: none of the user's groups has one. */
  readonly role: AdminRole | null;
}

/** A name goes into the audit and logs: nothing that is not printable, and not too long. */
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u;

/** Whether the peer of the connection is the proxy. A header cannot change the answer. */
export function proxyCheck({ from }: ProxyConfig): (address: string) => boolean {
  const listed = blockListOf(from);
  return address => {
    const family = isIP(address);
    return family !== 0 && listed.check(address, family === 6 ? "ipv6" : "ipv4");
  };
}

/**
 * The user that the proxy has signed in; null where it names none, or where a header comes twice: the first one may be of a client.
 * Ask only for requests that came from the proxy.
 */
export function proxyUserOf(
  request: FastifyRequest,
  { userHeader, groupsHeader, roles }: ProxyConfig,
): ProxyUser | null {
  const [name = "", secondName] = valuesOf(request, userHeader);
  const [groupList = "", secondList] = valuesOf(request, groupsHeader);
  if (secondName !== undefined || secondList !== undefined || !NAME.test(name)) return null;
  const groups = groupList.split(",");
  const held = ["*", ...groups.map(group => group.trim())].flatMap(group =>
    Object.hasOwn(roles, group) ? (roles[group] ?? []) : [],
  );
  return { name, role: ROLES.findLast(role => held.includes(role)) ?? null };
}

/** Each value as it was sent; Node.js joins them. Names are UTF-8 in practice, which Node.js reads as Latin-1. */
function valuesOf({ raw: { rawHeaders } }: FastifyRequest, header: string): string[] {
  const values = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === header);
  return values.map(value => {
    const bytes = Buffer.from(value, "latin1");
    return isUtf8(bytes) ? bytes.toString("utf8") : value;
  });
}
