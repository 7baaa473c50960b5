import { ForecastTurns } from "../forecast-turns.ts";
import { audit, forecast, replicas, status, terms, timeline } from "../schemas/cluster.ts";
import { nextTicks } from "../schemas/jobs.ts";
import { forecastQuery, nextQuery, page, statusQuery, timelineQuery } from "../schemas/parameters.ts";
import { about } from "./about.ts";
import type { RouteParts, ZodApp } from "./parts.ts";

const config = { role: "viewer" } as const;
const tag = "cluster";

/** What viewers may read of the cluster. */
export function addClusterReads(app: ZodApp, { client }: RouteParts): void {
  const forecasts = new ForecastTurns(asked => client.forecast(asked));
  app.get(
    "/status",
    {
      config,
      schema: {
        ...about({
          operationId: "getStatus",
          summary: "Who leads, the replicas, each job's last and next tick",
          tag,
          answer: status,
        }),
        querystring: statusQuery,
      },
    },
    ({ query }) => client.status({ jobs: query.jobs !== "false" }),
  );
  app.get(
    "/replicas",
    {
      config,
      schema: about({
        operationId: "listReplicas",
        summary: "The replicas: version, clock, load and what each one runs",
        tag,
        answer: replicas,
      }),
    },
    async () => ({ items: await client.replicas() }),
  );
  app.get(
    "/terms",
    {
      config,
      schema: {
        ...about({
          operationId: "listTerms",
          summary: "Who led, how each term began and ended, newest first",
          tag,
          answer: terms,
        }),
        querystring: page,
      },
    },
    request => client.terms(request.query),
  );
  app.get(
    "/audit",
    {
      config,
      schema: {
        ...about({
          operationId: "listAudit",
          summary: "What operators did, newest first",
          tag,
          answer: audit,
        }),
        querystring: page,
      },
    },
    request => client.auditPage(request.query),
  );
  app.get(
    "/next",
    {
      config,
      schema: {
        ...about({
          operationId: "listNextTicks",
          summary: "The coming ticks of a job or of all, some jobs at a time",
          tag,
          answer: nextTicks,
        }),
        querystring: nextQuery,
      },
    },
    ({ query: { excluded, ...query } }) => client.nextPage({ ...query, excluded: excluded === "true" }),
  );
  app.get(
    "/forecast",
    {
      config,
      schema: {
        ...about({
          operationId: "getForecast",
          summary: "How many launches each minute of the coming days has",
          tag,
          answer: forecast,
        }),
        querystring: forecastQuery,
      },
    },
    request => forecasts.read(request.query),
  );
  app.get(
    "/timeline",
    {
      config,
      schema: {
        ...about({
          operationId: "getTimeline",
          summary: "Terms, decided ticks and ticks to come, for a picture",
          tag,
          answer: timeline,
        }),
        querystring: timelineQuery,
      },
    },
    request => client.timeline(request.query),
  );
}
