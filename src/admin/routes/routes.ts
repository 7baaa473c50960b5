import { ChangeFeed } from "../../changes/change-feed.ts";
import type { Cluster } from "../../client/cluster.ts";
import { baseOf, placeOfJob, placeOfQueue, type QueuePlace } from "../../launch/queue-place.ts";
import { addPageRoutes } from "../page-routes.ts";
import { addQueueBoard } from "../queue-board.ts";
import { noParameters } from "../schemas/parameters.ts";
import { addClusterActions } from "./cluster-actions.ts";
import { addClusterReads } from "./cluster-reads.ts";
import { addEventRoute } from "./events.ts";
import { addJobActions } from "./job-actions.ts";
import { addJobReads } from "./job-reads.ts";
import type { RouteParts, ZodApp } from "./parts.ts";
import { addRunRoutes } from "./run-routes.ts";
import { addSessionRoutes } from "./session.ts";

/** Everything below `admin.basePath`. */
export async function addRoutes(app: ZodApp, parts: RouteParts): Promise<void> {
  const { cluster } = parts;
  const feed = new ChangeFeed({
    read: read => cluster.read(read),
    connect: () => cluster.openReader("changes"),
    keys: cluster.keys,
  });
  // Streams have no end of their own, and a server waits for its answers before it closes.
  app.addHook("preClose", () => feed.stop());
  const basePath = parts.config.basePath === "/" ? "" : parts.config.basePath;
  addPageRoutes(app, basePath);
  await addQueueBoard(app, {
    basePath,
    places: () => placesOf(parts.cluster),
    redis: () => parts.cluster.read(async redis => redis),
  });
  await app.register(
    async (api: ZodApp) => {
      refuseUnknownParameters(api);
      addSessionRoutes(api, parts);
      addClusterReads(api, parts);
      addJobReads(api, parts);
      addRunRoutes(api, parts);
      addJobActions(api, parts);
      addClusterActions(api, parts);
      addEventRoute(api, parts, feed);
      api.get("/openapi.json", { config: { role: "viewer" }, schema: { hide: true } }, async () =>
        app.swagger(),
      );
    },
    { prefix: "/api/v1" },
  );
}

/** Of the routes that are added from now on: `?dryRun=true` of one that has no parameters must not be overlooked. */
function refuseUnknownParameters(api: ZodApp): void {
  api.addHook("onRoute", route => {
    route.schema = { querystring: noParameters, ...route.schema };
  });
}

/** The queues of the configuration, each once. */
function placesOf({ config, keys }: Cluster): readonly QueuePlace[] {
  if (config === null) return [];
  const declared = Object.keys(config.queues).map(name => placeOfQueue(keys, name, config.queues));
  const places = [...declared, ...config.jobs.map(job => placeOfJob(keys, job))];
  return [...new Map(places.map(place => [baseOf(place), place])).values()];
}
