import type { FastifyRequest } from "fastify";

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * False for a request that a page of another site made: browsers say so themselves. Programs send neither header, and no
 * browser acts for them.
 *
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function isSameOrigin(request: FastifyRequest): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const { origin } = request.headers;
  return origin === undefined || hostOf(origin) === request.host;
}

/** False for a name of another site that was made to lead to this machine (DNS rebinding). */
export function isLoopbackHost(request: FastifyRequest): boolean {
  return LOOPBACK_HOST.test(request.host);
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
