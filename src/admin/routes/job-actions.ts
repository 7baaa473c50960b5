import { backfilled, paused, resumed, skipped, triggered } from "../schemas/actions.ts";
import {
  backfillBody,
  idempotencyKey,
  jobParams,
  nothing,
  pauseBody,
  skipBody,
  triggerBody,
} from "../schemas/parameters.ts";
import { about } from "./about.ts";
import { act } from "./act.ts";
import type { RouteParts, ZodApp } from "./parts.ts";

const config = { role: "operator" } as const;
const tag = "jobs";
const common = { params: jobParams, headers: idempotencyKey };

/** What operators may do with one job. */
export function addJobActions(app: ZodApp, parts: RouteParts): void {
  app.post(
    "/jobs/:job/trigger",
    {
      config,
      schema: {
        ...about({
          operationId: "triggerJob",
          summary: "Start a run of the job now, beside its schedule",
          tag,
          answer: triggered,
        }),
        ...common,
        body: triggerBody,
      },
    },
    request =>
      act(parts, request, async (client, { requestId }) => {
        const { params, body } = request;
        if (!body?.dryRun) return await client.trigger(params.job, { requestId, data: body?.data ?? {} });
        await client.triggerMany({ names: [params.job], dryRun: true, requestId });
        return { run: null };
      }),
  );
  app.post(
    "/jobs/:job/pause",
    {
      config,
      schema: {
        ...about({
          operationId: "pauseJob",
          summary: "Launch no tick of the job until it is resumed",
          tag,
          answer: paused,
        }),
        ...common,
        body: pauseBody,
      },
    },
    request =>
      act(parts, request, (client, options) =>
        client.pause(request.params.job, { ...options, ...request.body }),
      ),
  );
  app.post(
    "/jobs/:job/resume",
    {
      config,
      schema: {
        ...about({
          operationId: "resumeJob",
          summary: "Launch the job's ticks again; its catchUp policy says which late ones",
          tag,
          answer: resumed,
        }),
        ...common,
        body: nothing,
      },
    },
    request => act(parts, request, (client, options) => client.resume(request.params.job, options)),
  );
  app.post(
    "/jobs/:job/skip-next",
    {
      config,
      schema: {
        ...about({
          operationId: "skipNextTick",
          summary: "Skip the job's next tick; again, the one after it too",
          tag,
          answer: skipped,
        }),
        ...common,
        body: skipBody,
      },
    },
    request =>
      act(parts, request, async (client, options) => {
        const { job } = request.params;
        return request.body?.undo ? await client.keepNext(job, options) : await client.skipNext(job, options);
      }),
  );
  app.post(
    "/jobs/:job/backfill",
    {
      config,
      schema: {
        ...about({
          operationId: "backfillJob",
          summary: "Start a run for each tick in a range of the past, all or none",
          tag,
          answer: backfilled,
        }),
        ...common,
        body: backfillBody,
      },
    },
    request =>
      act(parts, request, (client, options) =>
        client.backfill(request.params.job, { ...options, ...request.body }),
      ),
  );
}
