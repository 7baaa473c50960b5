import { type EmbedTemplate, OPTIONS, TSCONFIG, TYPESCRIPT } from "./embed-template.ts";

const MODULE = `/**
 * Makes each process of this service a replica of Bellwether. The jobs are in config/jobs.yaml, their handlers in jobs/.
 * In the service: \`app.use(probes)\`; \`await bellwether.start()\` when it listens; \`await bellwether.stop()\` on SIGTERM.
 */
import { Bellwether } from "bellwether";
import { Router } from "express";

export const bellwether = new Bellwether({
${OPTIONS}
});

/** Whether the process lives, and whether it should get traffic. */
export const probes = Router();
probes.get("/livez", (_request, response) => {
  const { isAlive, problems } = bellwether.health();
  response.status(isAlive ? 200 : 503).json({ problems });
});
probes.get("/readyz", (_request, response) => {
  const { isReady, problems } = bellwether.health();
  response.status(isReady ? 200 : 503).json({ problems });
});
`;

const SERVER = `import express from "express";
import { bellwether, probes } from "./bellwether.ts";

const app = express();
app.use(probes);

const port = Number(process.env["PORT"] ?? 3000);
const host = process.env["HOST"] ?? "localhost"; // 0.0.0.0 in a container
const server = app.listen(port, host, error => {
  if (error) throw error;
});

async function stop(): Promise<void> {
  server.close();
  await bellwether.stop(); // leadership moves on immediately; running handlers may end
  server.closeAllConnections();
}
process.once("SIGTERM", stop);
process.once("SIGINT", stop);

try {
  await bellwether.start();
} catch {
  process.exitCode = 1; // its log says why
  await stop();
}
`;

export const express: EmbedTemplate = {
  module: extension => ({ [`bellwether${extension}`]: MODULE }),
  service: { "server.ts": SERVER, "tsconfig.json": TSCONFIG },
  scripts: { start: "node server.ts", check: "tsc && bellwether check", next: "bellwether next" },
  dependencies: { express: "^5.3.0" },
  devDependencies: { "@types/express": "^5.0.6", ...TYPESCRIPT },
  advice: "app.use(probes), bellwether.start() when the service listens, and bellwether.stop() on SIGTERM",
};
