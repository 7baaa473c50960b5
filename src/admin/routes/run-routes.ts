import type { FastifyRequest } from "fastify";
import type { RunDetail } from "../../client/runs.ts";
import { mayAct } from "../access/caller.ts";
import { cancelled, retried } from "../schemas/actions.ts";
import { run } from "../schemas/jobs.ts";
import { idempotencyKey, nothing, runParams } from "../schemas/parameters.ts";
import { about } from "./about.ts";
import { act } from "./act.ts";
import { callerOf, type RouteParts, type ZodApp } from "./parts.ts";

const config = { role: "operator" } as const;
const tag = "runs";

/** One run, and what operators may do with it. */
export function addRunRoutes(app: ZodApp, parts: RouteParts): void {
  app.get(
    "/runs/:run",
    {
      config: { role: "viewer" },
      schema: {
        ...about({
          operationId: "getRun",
          summary: "A run: state, attempts, log and result",
          tag,
          answer: run,
        }),
        params: runParams,
      },
    },
    async request => {
      const found = await parts.client.run(request.params.run);
      return isHidden(parts, request) ? withoutData(found) : found;
    },
  );
  app.post(
    "/runs/:run/retry",
    {
      config,
      schema: {
        ...about({
          operationId: "retryRun",
          summary: "Put a run that has failed back into its queue",
          tag,
          answer: retried,
        }),
        params: runParams,
        headers: idempotencyKey,
        body: nothing,
      },
    },
    request => act(parts, request, (client, options) => client.retryRun(request.params.run, options)),
  );
  app.post(
    "/runs/:run/cancel",
    {
      config,
      schema: {
        ...about({
          operationId: "cancelRun",
          summary: "Remove a run from its queue that waits there",
          tag,
          answer: cancelled,
        }),
        params: runParams,
        headers: idempotencyKey,
        body: nothing,
      },
    },
    request => act(parts, request, (client, options) => client.cancelRun(request.params.run, options)),
  );
}

function isHidden({ config: { viewersSeeData } }: RouteParts, request: FastifyRequest): boolean {
  return !viewersSeeData && !mayAct(callerOf(request).role, "operator");
}

function withoutData(found: RunDetail): RunDetail {
  return { ...found, data: null, result: null, log: [], hidden: true };
}
