import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, vi } from "vitest";
import { runProgram } from "../../../src/cli/program.ts";
import { configSchema } from "../../../src/config/schemas/json-schema.ts";
import type { Run } from "../../../src/handlers/handler.ts";
import type { HandlerKind } from "../../../src/handlers/handler-kind.ts";
import { loadHandlers } from "../../../src/handlers/load-handlers.ts";
import { test as it, load, loadValid } from "../../support/config.ts";

/** The list with one more kind: what a new kind of handler changes besides its own file. */
vi.mock("../../../src/handlers/handler-kinds.ts", async importOriginal => {
  const { HANDLER_KINDS } = await importOriginal<{ HANDLER_KINDS: Record<string, HandlerKind> }>();
  const { echoKind } = await import("./echo-kind.ts");
  return { HANDLER_KINDS: { ...HANDLER_KINDS, echo: echoKind } };
});

function jobs(...handlers: readonly string[]) {
  const lines = handlers.map((handler, index) => `  job-${index}: { every: 5s, ${handler} }\n`);
  return { "jobs.yaml": `jobs:\n${lines.join("")}` };
}

describe("a kind of handler needs no more than its place in the list", () => {
  it("to be loaded, checked and called", async () => {
    const config = await loadValid(jobs("echo: { word: hello }", 'echo: { word: "" }'));
    expect(config.jobs[0]?.handler).toEqual({ kind: "echo", word: "hello", secret: null });
    const { handlers, issues } = await loadHandlers(config);
    expect(await handlers.get("job-0")?.handle({}, {} as Run)).toBe("hello");
    expect(issues).toEqual([{ jobs: ["job-1"], message: 'job "job-1": there is no word to echo' }]);
  });

  it("to be explained", async ({ writeConfig }) => {
    const config = await writeConfig(jobs("echo: { word: hello }"));
    const written: string[] = [];
    const io = { env: {}, cwd: "/", out: (text: string) => written.push(text), err: () => undefined };
    await runProgram(["explain", "job-0", "--config", config], io);
    expect(written.join("")).toContain("job-0 runs echo hello in the queue default.");
  });

  it("to be in the JSON Schemas", () => {
    const shown = JSON.stringify([configSchema("jobs"), configSchema("bellwether")]);
    expect(shown).toContain('{"required":["http"]},{"required":["echo"]}');
    expect(shown).toContain("exactly one of handler, command, http and echo");
    expect(shown).toContain("Whether jobs may have an echo");
  });

  it.each([
    [
      "is one of several",
      "queue: default",
      "has no handler, expected exactly one of handler, command, http and echo",
    ],
    ["is a second one", "handler: x, echo: { word: a }", "found handler and echo, expected exactly one of"],
    ["has no such key", "echo: { word: a, wrd: b }", "echo.wrd: unknown key (did you mean word?)"],
    ["has a wrong value", "echo: { word: 5 }", "echo.word: found `5` (a number), expected a word"],
    ["keeps its secrets", "echo: { word: a, secret: 5 }", "echo.secret: found a number that is not shown"],
    [
      "keeps them anywhere",
      "echo: { word: a, secret: [hush] }",
      "echo.secret: found a list, expected a secret",
    ],
  ])("to be judged: it %s", async (_name, handler, mistake) => {
    const { lines } = await load(jobs(handler));
    expect(lines).toEqual([expect.stringContaining(mistake)]);
  });

  it("to be switched off", async () => {
    const off = { "bellwether.yaml": "handlers: { echo: false }\n" };
    const { lines } = await load({ ...jobs("echo: { word: a }"), ...off });
    expect(lines).toEqual([expect.stringContaining("echo handlers are switched off by handlers.echo of")]);
  });

  it("to be checked in a configuration with other mistakes, unless its name is uncertain", async () => {
    const files = jobs("echo: { word: a }, timeout: soon", 'echo: { word: "${WORD}" }, timeout: soon');
    const { result } = await load(files, { WORD: "b" });
    expect(result.ok ? null : result.usable.handlers).toMatchObject([
      { name: "job-0", handler: { kind: "echo", word: "a" } },
    ]);
  });
});

it("loads nothing that runs handlers with a configuration", async () => {
  const child = path.join(import.meta.dirname, "loaded-modules.child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [child]);
  const loaded: string[] = JSON.parse(stdout);
  expect(loaded).toContain("kinds/command.ts");
  expect(loaded.filter(file => !/^(kinds\/|handler-kinds?\.ts$)/.test(file))).toEqual([]);
});
