import type { FastifyRequest } from "fastify";
import { Client } from "../../client/client.ts";
import type { ActOptions } from "../../client/client-options.ts";
import { newRequestId } from "../../launch/requests.ts";
import { clientAddressOf } from "../access/client-address.ts";
import { onceByKey } from "../idempotency.ts";
import { callerOf, type RouteParts } from "./parts.ts";

/** Acts with the caller's name and address for the audit; once, where the request has an Idempotency-Key. */
export function act<T>(
  { cluster }: RouteParts,
  request: FastifyRequest,
  carryOut: (client: Client, options: Required<ActOptions>) => Promise<T>,
): Promise<T> {
  const { name } = callerOf(request);
  const client = new Client(cluster.as(`${name}@${clientAddressOf(request)}`));
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string") return carryOut(client, { requestId: newRequestId() });
  const [path = ""] = request.url.split("?");
  // An answer is its owner's; and another person's act would be missing in the audit.
  const what = `${request.method} ${path} by ${name}`;
  return onceByKey(cluster, { key, what, body: request.body }, () => carryOut(client, { requestId: key }));
}
