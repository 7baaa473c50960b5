import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { BellwetherError } from "../../../src/errors.ts";
import { ExpectedFailure } from "../../../src/handlers/expected-failure.ts";
import { describeError } from "../../../src/worker/run-error.ts";

const own = (file: string) => `    at async run (${new URL(`../../../src/${file}`, import.meta.url)}:1:1)`;
const HANDLER = `    at async Object.handle (${pathToFileURL("/project/jobs/a.ts")}:3:9)`;
const LIBRARY = "    at parse (/project/node_modules/csv/index.js:1:1)";
const BULLMQ = "    at Worker.process (/project/node_modules/bullmq/dist/worker.js:1:1)";
const NODE = "    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)";
const NATIVE = "    at new Promise (<anonymous>)";

function stackOf(error: Error, ...frames: readonly string[]): string[] | undefined {
  error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
  return describeError(error).stack?.split("\n");
}

describe("the stack of a run's error", () => {
  it("shows the handler and the libraries that it uses", () => {
    expect(
      stackOf(new Error("no"), LIBRARY, NODE, NATIVE, HANDLER, own("worker/attempt.ts"), BULLMQ),
    ).toEqual([LIBRARY.trim(), HANDLER.trim()]);
  });

  it("is left out where nothing in it is the handler's", () => {
    expect(
      stackOf(new Error("ENOENT"), "    at async open (node:internal/fs/promises:640:25)"),
    ).toBeUndefined();
    const fields = { job: "a", run: "a@1", timeoutMs: 5, stopped: true };
    const timeout = new BellwetherError("BW_RUN_TIMEOUT", fields);
    expect(stackOf(timeout, own("worker/attempt.ts"), NODE)).toBeUndefined();
    expect(describeError(new ExpectedFailure("closed"))).toEqual({ error: "closed" });
  });

  it("is whole where Bellwether itself is wrong", () => {
    const frames = [own("worker/attempt.ts"), BULLMQ];
    expect(stackOf(new TypeError("x is not a function"), ...frames)).toEqual(frames.map(line => line.trim()));
    expect(describeError(new BellwetherError("BW_BUG", { rule: "one" }))).toHaveProperty("stack");
  });
});
