import { type EmbedTemplate, OPTIONS, TSCONFIG, TYPESCRIPT } from "./embed-template.ts";

const MODULE = `/**
 * Makes each process of this service a replica of Bellwether. The jobs are in config/jobs.yaml, their handlers in jobs/.
 * In the service: \`const bellwether = addBellwether(app)\` before it listens, and \`await bellwether.start()\` afterwards.
 */
import { Bellwether } from "bellwether";
import type { FastifyInstance } from "fastify";

/** Adds the probes, and stops with the service (\`app.close()\`). */
export function addBellwether(app: FastifyInstance): Bellwether {
  const bellwether = new Bellwether({
    logger: app.log,
${OPTIONS.replaceAll(/^/gm, "  ")}
  });
  app.get("/livez", async (_request, reply) => {
    const { isAlive, problems } = bellwether.health();
    return reply.code(isAlive ? 200 : 503).send({ problems });
  });
  app.get("/readyz", async (_request, reply) => {
    const { isReady, problems } = bellwether.health();
    return reply.code(isReady ? 200 : 503).send({ problems });
  });
  app.addHook("preClose", async () => {
    await bellwether.stop(); // leadership moves on immediately; running handlers may end
  });
  return bellwether;
}
`;

const SERVER = `import { fastify } from "fastify";
import { addBellwether } from "./bellwether.ts";

const app = fastify({ logger: true });
const bellwether = addBellwether(app);

process.once("SIGTERM", () => app.close());
process.once("SIGINT", () => app.close());

const port = Number(process.env["PORT"] ?? 3000);
const host = process.env["HOST"] ?? "localhost"; // 0.0.0.0 in a container
await app.listen({ port, host });
try {
  await bellwether.start();
} catch {
  process.exitCode = 1; // its log says why
  await app.close();
}
`;

export const fastify: EmbedTemplate = {
  module: extension => ({ [`bellwether${extension}`]: MODULE }),
  service: { "server.ts": SERVER, "tsconfig.json": TSCONFIG },
  scripts: { start: "node server.ts", check: "tsc && bellwether check", next: "bellwether next" },
  dependencies: { fastify: "^5.12.8" },
  devDependencies: TYPESCRIPT,
  advice: "addBellwether(app) before the service listens, and start() of what it returns afterwards",
};
