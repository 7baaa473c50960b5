import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Client } from "../../client/client.ts";
import type { Cluster } from "../../client/cluster.ts";
import type { AdminConfig } from "../../config/config.ts";
import { BellwetherError } from "../../errors.ts";
import type { Access } from "../access/access.ts";
import type { Caller } from "../access/caller.ts";

/** A server, or a part of it, whose routes are checked by zod. */
export type ZodApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the routes work with. */
export interface RouteParts {
  readonly config: AdminConfig;
  readonly namespace: string;
  readonly cluster: Cluster;
  /** For what only reads: it has no name for the audit. */
  readonly client: Client;
  readonly access: Access;
}

/** Of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new BellwetherError("BW_UNAUTHENTICATED", {});
  return request.caller;
}
