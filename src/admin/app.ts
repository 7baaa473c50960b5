import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import cookie from "@fastify/cookie";
import rateLimit from "@fastify/rate-limit";
import { fastify } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { Client } from "../client/client.ts";
import type { Cluster } from "../client/cluster.ts";
import type { AdminConfig } from "../config/config.ts";
import type { AdminRole } from "../config/schemas/admin-schema.ts";
import { BellwetherError } from "../errors.ts";
import type { EventMap } from "../event-map.ts";
import { Access } from "./access/access.ts";
import { type Caller, mayAct } from "./access/caller.ts";
import { clientAddressOf } from "./access/client-address.ts";
import { isTooDeep, MAX_DEPTH } from "./body-depth.ts";
import { compressAnswers } from "./encoding.ts";
import { addEtags } from "./etags.ts";
import { addOpenApi } from "./openapi.ts";
import { BODY_LIMIT_BYTES, problemText, sendProblem } from "./problem.ts";
import { addRoutes } from "./routes/routes.ts";

export interface AdminOptions {
  readonly config: AdminConfig;
  readonly namespace: string;
  /** Owned: it is closed with the server. */
  readonly cluster: Cluster;
  /** A part of the configuration cannot be read any more. */
  readonly onProblem: (problem: string) => void;
  /** A request that acts was answered, or refused. */
  readonly onAnswered: (answer: EventMap["api.answered"]) => void;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The least role that a route needs; `admin` where it says nothing. */
    readonly role?: AdminRole | "public";
  }
  interface FastifyRequest {
    /** Who sends it. Null for a public route. */
    caller: Caller | null;
  }
}

/** Keep slow, idle or numerous clients cheap. A stream of events sends something more often than `silentMs`. */
const LIMITS = {
  requestMs: 5_000,
  idleMs: 5_000,
  silentMs: 30_000,
  headerBytes: 16 * 1024,
  parameterLength: 512,
  connections: 1_000,
  /** Of one caller on one replica. */
  requestsPerMinute: 1_200,
};

/** Of a request that is logged. */
const SHOWN_URL = 200;

export type AdminApp = Awaited<ReturnType<typeof createAdminApp>>;

/** The server with all of its routes, not listening yet. Throws BW_TOKEN_FILE. */
export async function createAdminApp(options: AdminOptions) {
  const app = createServer(options);
  const access = new Access(options);
  await access.open();
  await app.register(cookie);
  await addEtags(app);
  compressAnswers(app);
  app.decorateRequest("caller", null);
  app.addHook("onResponse", async (request, { statusCode: status }) => {
    const { method, caller } = request;
    const from = clientAddressOf(request);
    if (method === "GET" || method === "HEAD") return;
    const [path = ""] = request.url.slice(0, SHOWN_URL).split("?");
    options.onAnswered({ method, path, status, by: caller?.name ?? null, from });
  });
  app.addHook("onRequest", async request => {
    const { role = "admin" } = request.routeOptions.config;
    if (role === "public" || request.is404) return;
    request.caller = await access.callerOf(request);
    const { name, role: held } = request.caller;
    if (!mayAct(held, role)) throw new BellwetherError("BW_FORBIDDEN", { name, role: held, needed: role });
  });
  await app.register(rateLimit, {
    hook: "preValidation",
    max: LIMITS.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: request => {
      const address = clientAddressOf(request);
      return request.caller === null ? address : `${request.caller.name}@${address}`;
    },
    errorResponseBuilder: (_request, { ttl }) => new BellwetherError("BW_TOO_MANY_REQUESTS", { waitMs: ttl }),
  });
  await addOpenApi(app);
  await app.register(
    async scope =>
      addRoutes(scope.withTypeProvider<ZodTypeProvider>(), {
        ...options,
        access,
        client: new Client(options.cluster),
      }),
    {
      prefix: options.config.basePath === "/" ? "" : options.config.basePath,
    },
  );
  return app;
}

/** What is no HTTP, or has too many headers, has no route that could answer. */
function refuseUnreadable({ code }: Error & { readonly code?: string }, socket: Socket): void {
  if (code === "ECONNRESET" || socket.destroyed || !socket.writable) return void socket.destroy();
  const status = CLIENT_FAILURES.get(code ?? "") ?? 400;
  const title = STATUS_CODES[status] ?? "Bad Request";
  const body = problemText(new BellwetherError("BW_REQUEST_INVALID", { problems: [title] }), status);
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const CLIENT_FAILURES: ReadonlyMap<string, number> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
  ["HPE_HEADER_OVERFLOW", 431],
]);

function depthProblem(body: unknown): BellwetherError | null {
  if (!isTooDeep(body)) return null;
  const problems = [`body: expected values that are nested ${MAX_DEPTH} deep at most`];
  return new BellwetherError("BW_REQUEST_INVALID", { problems });
}

function createServer({ config }: AdminOptions) {
  const app = fastify({
    requestTimeout: LIMITS.requestMs,
    keepAliveTimeout: LIMITS.idleMs,
    connectionTimeout: LIMITS.silentMs,
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    trustProxy: config.proxy === undefined ? false : [...config.proxy.from],
    routerOptions: { maxParamLength: LIMITS.parameterLength },
    http: {
      maxHeaderSize: LIMITS.headerBytes,
      headersTimeout: LIMITS.requestMs,
      connectionsCheckingInterval: 1_000,
    },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error),
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = LIMITS.connections;
  // A client that cannot be accepted, as when no file descriptor is left, must not cost more than itself.
  app.server.on("error", () => undefined);
  // Serving others is no reason to live on.
  app.server.unref();
  // A form of another site can send text, but no JSON.
  app.removeContentTypeParser(["text/plain", "application/json"]);
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, text, done) => {
    // Generated clients name the type of a body that is not there.
    if (text === "") done(null, undefined);
    else void parseJson(request, String(text), (error, body) => done(error ?? depthProblem(body), body));
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => data => JSON.stringify(data));
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, error));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new BellwetherError("BW_NOT_FOUND", { path: request.url.slice(0, 200) })),
  );
  app.addHook("onSend", async (_request, reply) => {
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "no-referrer");
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "private, no-cache");
  });
  return app;
}
