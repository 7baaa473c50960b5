import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { readTimeMs } from "../../redis/time.ts";
import type { Caller } from "../access/caller.ts";
import { okResponse, problems } from "../schemas/responses.ts";
import { sessionInfo } from "../schemas/session.ts";
import { callerOf, type RouteParts, type ZodApp } from "./parts.ts";

const TAGS = ["session"];

/** Who the caller is, signing in and signing out. */
export function addSessionRoutes(app: ZodApp, parts: RouteParts): void {
  const { access, config } = parts;
  const cookie = (request: FastifyRequest) =>
    ({
      httpOnly: true,
      sameSite: "strict",
      path: config.basePath,
      // The browser says how it got here; a proxy that ends TLS need not.
      secure: request.protocol === "https" || (request.headers.origin?.startsWith("https://") ?? false),
    }) as const;

  app.get(
    "/session",
    {
      config: { role: "viewer" },
      schema: {
        operationId: "getSession",
        summary: "Who the caller is, and the time of Redis",
        tags: TAGS,
        response: okResponse(sessionInfo),
      },
    },
    request => infoOf(parts, callerOf(request)),
  );

  app.post(
    "/session",
    {
      config: { role: "public" },
      schema: {
        operationId: "signIn",
        summary: "Sign in with a token; the answer sets a cookie",
        tags: TAGS,
        security: [],
        body: z.strictObject({ token: z.string().min(1).max(1_000) }),
        response: okResponse(sessionInfo),
      },
    },
    async (request, reply) => {
      const id = await access.signIn(request.body.token, request);
      const caller = await access.sessionCaller(id);
      const maxAge = Math.floor(config.sessionTtlMs / 1000);
      reply.setCookie(access.cookieName, id, { ...cookie(request), maxAge });
      return caller === null ? null : await infoOf(parts, caller);
    },
  );

  app.delete(
    "/session",
    {
      config: { role: "viewer" },
      schema: {
        operationId: "signOut",
        summary: "Sign out: the session ends on every replica",
        tags: TAGS,
        response: { ...problems, 204: z.null().meta({ description: "Signed out." }) },
      },
    },
    async (request, reply) => {
      await access.signOut(callerOf(request));
      return reply.clearCookie(access.cookieName, cookie(request)).code(204).send(null);
    },
  );
}

async function infoOf({ cluster, config }: RouteParts, caller: Caller) {
  const nowMs = await cluster.read(readTimeMs);
  return {
    name: caller.name,
    role: caller.role,
    signedInBy: caller.by.kind,
    csrf: caller.by.kind === "session" ? caller.by.csrf : null,
    viewersSeeData: config.viewersSeeData,
    clock: new Date(nowMs).toISOString(),
  };
}
