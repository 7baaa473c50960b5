/**
 * Loads handlers in a real Node process, where `import` is Node's and not the test runner's. Reads the cases from
 * argv, calls each handler that loads, and prints what came of it.
 */
import { writeSync } from "node:fs";
import type { Run } from "../../../src/handlers/handler.ts";
import { loadHandlers } from "../../../src/handlers/load-handlers.ts";

const { jobsDir, references, importLimitMs } = JSON.parse(process.argv[2] ?? "{}") as {
  jobsDir: string;
  references: Record<string, string>;
  importLimitMs: number;
};
const jobs = Object.entries(references).map(([name, reference]) => {
  const [path = "", exported] = reference.split("#");
  const module = { kind: "module", path } as const;
  return { name, handler: exported === undefined ? module : { ...module, exported } };
});
const { handlers, issues } = await loadHandlers({ jobs, jobsDir, importLimitMs });
const results: Record<string, unknown> = {};
for (const [job, handler] of handlers) {
  results[job] = await handler.handle({ answer: 42 }, {
    id: `${job}@test`,
    attempt: 1,
    tick: new Date(0),
  } as Run);
}
writeSync(1, JSON.stringify({ results, problems: issues }));
process.exit(0);
