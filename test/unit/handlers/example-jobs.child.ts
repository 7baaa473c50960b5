/** Calls the example handlers in the working folder, in a real Node process; prints what they returned or threw. */
import { writeSync } from "node:fs";
import path from "node:path";
import type { Run } from "../../../src/handlers/handler.ts";
import { loadHandlers } from "../../../src/handlers/load-handlers.ts";

const calls = JSON.parse(process.argv[2] ?? "[]") as {
  handler: string;
  tick: string;
  attempt?: number;
  data?: object;
}[];
const jobsDir = path.join(import.meta.dirname, "../../../jobs");
const jobs = calls.map(({ handler }) => ({
  name: handler,
  handler: { kind: "module", path: handler } as const,
}));
const { handlers, issues } = await loadHandlers({ jobs, jobsDir });
if (issues.length > 0) throw new Error(issues.map(problem => problem.message).join("\n"));
const ignore = () => undefined;
const outcomes: unknown[] = [];
for (const { handler, tick, attempt = 1, data = {} } of calls) {
  const run: Run = {
    id: `${handler}@${tick}`,
    job: handler,
    tick: new Date(tick),
    kind: "scheduled",
    attempt,
    term: 1,
    replica: "test",
    signal: new AbortController().signal,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    context: undefined,
    progress: async () => undefined,
    lock: () => Promise.reject(new Error("no locks here")),
  };
  const outcome = handlers.get(handler)?.handle({ ...data }, run);
  outcomes.push(await outcome?.catch((error: Error) => ({ threw: error.message })));
}
writeSync(1, JSON.stringify(outcomes));
