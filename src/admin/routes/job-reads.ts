import { jobDetail, jobs, ticks, why } from "../schemas/jobs.ts";
import { jobParams, jobsQuery, ticksQuery, whyQuery } from "../schemas/parameters.ts";
import { about } from "./about.ts";
import type { RouteParts, ZodApp } from "./parts.ts";

const config = { role: "viewer" } as const;
const tag = "jobs";

/** What viewers may read of jobs. */
export function addJobReads(app: ZodApp, { client }: RouteParts): void {
  app.get(
    "/jobs",
    {
      config,
      schema: {
        ...about({
          operationId: "listJobs",
          summary: "The jobs that match, and how many are in each state",
          tag,
          answer: jobs,
        }),
        querystring: jobsQuery,
      },
    },
    request => client.listJobs(request.query),
  );
  app.get(
    "/jobs/:job",
    {
      config,
      schema: {
        ...about({
          operationId: "getJob",
          summary: "A job with its policies as they are in force",
          tag,
          answer: jobDetail,
        }),
        params: jobParams,
      },
    },
    request => client.job(request.params.job),
  );
  app.get(
    "/jobs/:job/ticks",
    {
      config,
      schema: {
        ...about({
          operationId: "listTicks",
          summary: "What was decided about the job's ticks, newest first; or its ticks to come",
          tag,
          answer: ticks,
        }),
        params: jobParams,
        querystring: ticksQuery,
      },
    },
    ({ params: { job }, query: { future, from, to, limit, cursor } }) =>
      future === "true"
        ? client.futureTicks(job, { limit, cursor })
        : client.ticks(job, { from, to, limit, cursor }),
  );
  app.get(
    "/jobs/:job/why",
    {
      config,
      schema: {
        ...about({
          operationId: "explainTick",
          summary: "What became of the job at an instant, and why",
          tag,
          answer: why,
        }),
        params: jobParams,
        querystring: whyQuery,
      },
    },
    request => client.why(request.params.job, request.query),
  );
}
