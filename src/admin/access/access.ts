import type { FastifyRequest } from "fastify";
import type { Cluster } from "../../client/cluster.ts";
import type { AdminConfig } from "../../config/config.ts";
import { BellwetherError } from "../../errors.ts";
import type { Caller } from "./caller.ts";
import { clientAddressOf } from "./client-address.ts";
import { csrfOf, digestOf, isSameDigest } from "./digest.ts";
import { Failures } from "./failures.ts";
import { proxyCheck, proxyUserOf } from "./proxy-user.ts";
import { isLoopbackHost, isSameOrigin } from "./same-origin.ts";
import { Sessions } from "./sessions.ts";
import { Tokens } from "./tokens.ts";

export interface AccessOptions {
  readonly config: AdminConfig;
  readonly namespace: string;
  readonly cluster: Cluster;
  /** `tokenFile` has changed and cannot be used. */
  readonly onProblem: (problem: string) => void;
}

/** Named "local": every client on the loopback interface, where no access is configured. */
const LOCAL: Caller = { name: "local", role: "admin", by: { kind: "loopback" } };
/** The other schemes are of proxies in front, which ask for a password of their own and pass it on. */
const BEARER = /^Bearer(?: +(?<secret>\S*))?$/i;
export const CSRF_HEADER = "x-csrf-token";
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/**
 * Who sends a request: the owner of a bearer token, a user whom a proxy has signed in, or the owner of a session. Where the
 * configuration has none of them, the server listens on the loopback interface only, and everyone there is an admin.
 */
export class Access {
  /** Of other namespaces on this host: cookies know no ports. */
  readonly cookieName: string;
  readonly #config: AdminConfig;
  readonly #tokens: Tokens;
  readonly #sessions: Sessions;
  readonly #failures = new Failures();
  readonly #isProxy: (address: string) => boolean;

  constructor({ config, namespace, cluster, onProblem }: AccessOptions) {
    this.#config = config;
    this.cookieName = `bellwether_session_${namespace}`;
    this.#tokens = new Tokens({ config, onProblem });
    this.#sessions = new Sessions(cluster, config.sessionTtlMs);
    this.#isProxy = config.proxy === undefined ? () => false : proxyCheck(config.proxy);
  }

  /** Throws BW_TOKEN_FILE. */
  open(): Promise<void> {
    return this.#tokens.open();
  }

  /**
   * Who sends it.
   *
   * @throws BellwetherError BW_UNAUTHENTICATED, BW_FORBIDDEN (a user of the proxy without a role), BW_CROSS_SITE,
   * BW_TOO_MANY_REQUESTS; BW_REDIS_UNREACHABLE and BW_REDIS_LOST when it is a session's and Redis is away
   */
  async callerOf(request: FastifyRequest): Promise<Caller> {
    const bearer = BEARER.exec(request.headers.authorization ?? "");
    if (bearer !== null) return await this.#ownerOf(bearer.groups?.["secret"] ?? "", request);
    const caller = this.#proxyUser(request) ?? (await this.#sessionOwner(request)) ?? this.#local(request);
    if (caller === null) throw new BellwetherError("BW_UNAUTHENTICATED", {});
    // A browser adds cookies, and a proxy its headers, to what pages of other sites send as well.
    if (!SAFE_METHODS.includes(request.method)) checkOrigin(request, caller);
    return caller;
  }

  /** Opens a session for the owner of the token; resolves with its id. Throws as `callerOf`. */
  async signIn(secret: string, request: FastifyRequest): Promise<string> {
    if (!isSameOrigin(request)) throw new BellwetherError("BW_CROSS_SITE", {});
    return await this.#sessions.open(await this.#tokenOf(secret, request));
  }

  async signOut({ by }: Caller): Promise<void> {
    if (by.kind === "session") await this.#sessions.end(by.id);
  }

  async sessionCaller(id: string): Promise<Caller | null> {
    const session = await this.#sessions.find(id);
    const token = session && (await this.#tokens.named(session.name));
    if (!token || !session.isOf(token)) return null;
    return { name: token.name, role: token.role, by: { kind: "session", id, csrf: csrfOf(id) } };
  }

  async #ownerOf(secret: string, request: FastifyRequest): Promise<Caller> {
    const { name, role } = await this.#tokenOf(secret, request);
    return { name, role, by: { kind: "token" } };
  }

  async #tokenOf(secret: string, request: FastifyRequest) {
    const address = clientAddressOf(request);
    const waitMs = this.#failures.waitMs(address);
    if (waitMs > 0) throw new BellwetherError("BW_TOO_MANY_REQUESTS", { waitMs });
    const token = await this.#tokens.find(secret);
    if (token !== null) return token;
    this.#failures.add(address);
    throw new BellwetherError("BW_UNAUTHENTICATED", {});
  }

  #proxyUser(request: FastifyRequest): Caller | null {
    const { proxy } = this.#config;
    if (proxy === undefined || !this.#isProxy(request.socket.remoteAddress ?? "")) return null;
    const user = proxyUserOf(request, proxy);
    if (user === null) return null;
    const { name, role } = user;
    if (role === null) throw new BellwetherError("BW_FORBIDDEN", { name, role, needed: "viewer" });
    return { name, role, by: { kind: "proxy" } };
  }

  async #sessionOwner(request: FastifyRequest): Promise<Caller | null> {
    const id = request.cookies[this.cookieName];
    return id === undefined ? null : await this.sessionCaller(id);
  }

  #local(request: FastifyRequest): Caller | null {
    const { tokens, tokenFile, proxy } = this.#config;
    if (tokens.length > 0 || tokenFile !== undefined || proxy !== undefined) return null;
    if (!isLoopbackHost(request)) throw new BellwetherError("BW_CROSS_SITE", {});
    return LOCAL;
  }
}

function checkOrigin(request: FastifyRequest, { by }: Caller): void {
  const given = request.headers[CSRF_HEADER];
  const hasToken =
    by.kind !== "session" || (typeof given === "string" && isSameDigest(digestOf(given), digestOf(by.csrf)));
  if (!isSameOrigin(request) || !hasToken) throw new BellwetherError("BW_CROSS_SITE", {});
}
