import { Cluster } from "../client/cluster.ts";
import { ADMIN_DEFAULTS } from "../config/schemas/admin-schema.ts";
import { createAdminApp } from "./app.ts";

/** The API as OpenAPI 3.1, as config/schema/openapi.json has it. Needs no server. */
export async function openApiDocument(): Promise<object> {
  // It connects when it is asked for something first, which it never is.
  const redis = { kind: "url", url: "redis://127.0.0.1:6379" } as const;
  const cluster = new Cluster({
    connection: { redis, namespace: "NAMESPACE" },
    config: () => null,
    name: "openapi",
  });
  const options = {
    config: ADMIN_DEFAULTS,
    namespace: "NAMESPACE",
    onProblem: () => undefined,
    onAnswered: () => undefined,
  };
  const app = await createAdminApp({ ...options, cluster });
  await app.ready();
  return app.swagger();
}
