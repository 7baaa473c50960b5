import type { BulkOptions, BulkTarget } from "../../client/bulk.ts";
import { bulkOf, paused, resumed, steppedDown, triggered } from "../schemas/actions.ts";
import { bulkBody, bulkPauseBody, idempotencyKey, nothing } from "../schemas/parameters.ts";
import { about } from "./about.ts";
import { act } from "./act.ts";
import type { RouteParts, ZodApp } from "./parts.ts";

/** Room for the names of 10,000 jobs. */
const BULK_LIMIT_BYTES = 1024 * 1024;
const config = { role: "operator" } as const;
const tag = "cluster";
const headers = idempotencyKey;

/** What operators may do with many jobs, and admins with the leader. In a path of the router, `::` is a colon. */
export function addClusterActions(app: ZodApp, parts: RouteParts): void {
  app.post(
    "/jobs::pause",
    {
      config,
      bodyLimit: BULK_LIMIT_BYTES,
      schema: {
        ...about({
          operationId: "pauseJobs",
          summary: "Pause the jobs with these names, or those that match",
          tag,
          answer: bulkOf(paused, "PausedJobs"),
        }),
        headers,
        body: bulkPauseBody,
      },
    },
    request =>
      act(parts, request, (client, options) => {
        const { reason, until } = request.body;
        return client.pauseMany({ ...bulkOptions(request.body, options), reason, until });
      }),
  );
  app.post(
    "/jobs::resume",
    {
      config,
      bodyLimit: BULK_LIMIT_BYTES,
      schema: {
        ...about({
          operationId: "resumeJobs",
          summary: "Resume the jobs with these names, or those that match",
          tag,
          answer: bulkOf(resumed, "ResumedJobs"),
        }),
        headers,
        body: bulkBody,
      },
    },
    request =>
      act(parts, request, (client, options) => client.resumeMany(bulkOptions(request.body, options))),
  );
  app.post(
    "/jobs::trigger",
    {
      config,
      bodyLimit: BULK_LIMIT_BYTES,
      schema: {
        ...about({
          operationId: "triggerJobs",
          summary: "Start a run of each of the jobs with these names, or those that match",
          tag,
          answer: bulkOf(triggered, "TriggeredJobs"),
        }),
        headers,
        body: bulkBody,
      },
    },
    request =>
      act(parts, request, (client, options) => client.triggerMany(bulkOptions(request.body, options))),
  );
  app.post(
    "/stepdown",
    {
      config: { role: "admin" },
      schema: {
        ...about({
          operationId: "stepDown",
          summary: "Let another replica lead; the answer waits for it for some seconds",
          tag,
          answer: steppedDown,
        }),
        headers,
        body: nothing,
      },
    },
    request => act(parts, request, (client, options) => client.stepDown(options)),
  );
}

interface BulkBody {
  readonly names?: readonly string[] | undefined;
  readonly filter?: Extract<BulkTarget, { readonly filter: object }>["filter"] | undefined;
  readonly dryRun?: boolean | undefined;
}

/** The schema lets exactly one of `names` and `filter` pass. */
function bulkOptions(
  { names, filter = {}, dryRun }: BulkBody,
  { requestId }: { readonly requestId: string },
): BulkOptions {
  const target = names === undefined ? { filter } : { names };
  return { ...target, requestId, dryRun };
}
