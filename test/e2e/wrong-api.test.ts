import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { describe, expect } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import type { CommandResult } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Within this process: the tests run dozens of command lines. */
async function bellwether(args: readonly string[], env = {}): Promise<CommandResult> {
  const output = { stdout: "", stderr: "" };
  const code = await runProgram(args, {
    env,
    cwd: "/",
    out: text => {
      output.stdout += text;
    },
    err: text => {
      output.stderr += text;
    },
  });
  return { code, ...output };
}

/** What `--url` leads to; it resolves with its address. */
const test = base.extend("answering", ({ defer }) => async (answer: Answer) => {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  defer(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

const COMMANDS = [
  ["status"],
  ["audit"],
  ["history", "x"],
  ["why", "x"],
  ["forecast", "x"],
  ["pause", "x"],
  ["resume", "--all"],
  ["skip-next", "x"],
  ["skip-next", "x", "--undo"],
  ["trigger", "x"],
  ["backfill", "x", "--from", "2026-01-01", "--to", "2026-01-02"],
  ["stepdown"],
];

describe("commands with the --url of another program", () => {
  for (const body of ["{}", "[]", "null", '"hi"', '{"items":{}}', "<html>sign in</html>"]) {
    test(`fail, and take nothing for done: 200 with ${body}`, async ({ answering }) => {
      const url = await answering((_, response) => void response.end(body));
      for (const command of COMMANDS) {
        expect({ command, ...(await bellwether([...command, "--url", url])) }).toEqual({
          command,
          code: 1,
          stdout: "",
          stderr: expect.stringMatching(
            /^the HTTP API at \S+ gave no answer: it answered 200, and not as the API does; [^\n]+\n$/,
          ),
        });
      }
    });
  }

  test("steer no terminal and forge no line", async ({ answering }) => {
    const hostile = "x\u001b[2J\u009b31m\u202e";
    const job = { name: hostile, job: hostile, run: hostile, queue: hostile, timezone: "UTC" };
    const others = { skips: "2026-01-01T00:00:00Z", keeps: [hostile], leader: { replica: hostile, term: 2 } };
    const body = { ...job, ...others, steppedDown: 1, text: hostile, verdict: "x" };
    const url = await answering((_, response) => void response.end(JSON.stringify(body)));
    for (const command of [["trigger", "x"], ["skip-next", "x"], ["stepdown"], ["why", "x"]]) {
      const { code, stdout } = await bellwether([...command, "--url", url]);
      expect({ command, code, stdout }).toEqual({
        command,
        code: 0,
        stdout: expect.stringContaining("x\\u001b[2J\\u009b31m\\u202e"),
      });
    }
    for (const command of [["trigger", "x"], ["skip-next", "x"], ["stepdown"], ["why", "x"]]) {
      const { stdout } = await bellwether([...command, "--json", "--url", url]);
      expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
      expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(hostile));
    }
    const problem = { code: "BW_RUN_UNKNOWN", detail: hostile };
    const refusing = await answering((_, response) => {
      response.statusCode = 409;
      response.end(JSON.stringify(problem));
    });
    expect(await bellwether(["stepdown", "--url", refusing])).toMatchObject({
      stderr: "x\\u001b[2J\\u009b31m\\u202e\n",
    });
  });
});

test("what is secret on the command line is in no message", async ({ answering }) => {
  const url = await answering((_, response) => void response.end("{}"));
  const [host] = url.split("//").slice(1);
  for (const [address, token] of [
    [url, "top-secret\nx"],
    [url, "top-secret✓"],
    [`http://ann:top-secret@${host}`, "t"],
    [`http://top-secret@${host}`, "t"],
    [`${url}/?token=top-secret`, "t"],
    [`${url}/#top-secret`, "t"],
  ] as const) {
    for (const given of [["--token", token], []]) {
      const result = await bellwether(["status", "--url", address, ...given], { BELLWETHER_TOKEN: token });
      expect(result).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.not.stringContaining("top-secret"),
      });
    }
  }
});

describe("a command whose answer was lost", () => {
  const busy = { code: "BW_REQUEST_RUNNING", detail: "request x is being carried out", id: "x" };

  test("waits for a replica that is still carrying its request out", async ({ answering }) => {
    const keys: unknown[] = [];
    const url = await answering((request, response) => {
      keys.push(request.headers["idempotency-key"]);
      if (keys.length === 1) request.socket.destroy();
      else if (keys.length === 2) response.writeHead(502).end("<html>bad gateway</html>");
      else if (keys.length < 5) response.writeHead(409).end(JSON.stringify(busy));
      else response.end(JSON.stringify({ steppedDown: 1, leader: { replica: "b", term: 2 } }));
    });
    expect(await bellwether(["stepdown", "--url", url])).toMatchObject({ code: 0, stderr: "" });
    expect(keys).toHaveLength(5);
    expect(new Set(keys).size).toBe(1);
  });

  test("says that the outcome is unknown", async ({ answering }) => {
    const url = await answering(request => void request.socket.destroy());
    expect(await bellwether(["stepdown", "--url", url])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("whether the command was carried out is unknown"),
    });
    expect((await bellwether(["status", "--url", url])).stderr).not.toContain("unknown");
  });
});

test("pauses any number of jobs, in requests of 1,000", async ({ answering }) => {
  const names = Array.from({ length: 2_500 }, (_, i) => `job-${i}`);
  const sizes: number[] = [];
  const url = await answering(async (request, response) => {
    if (request.method === "GET") {
      return void response.end(JSON.stringify({ items: names.map(name => ({ name })), next: null }));
    }
    const body = (await json(request)) as { names: readonly string[] };
    sizes.push(body.names.length);
    const result = { paused: true, changed: true, since: "x", until: null, reason: null };
    const items = body.names.map(job => ({ job, result: { ...result, job }, error: null }));
    response.end(JSON.stringify({ items, count: items.length }));
  });
  const { code, stdout } = await bellwether(["pause", "--all", "--json", "--url", url]);
  expect([code, JSON.parse(stdout).length, sizes]).toEqual([0, 2_500, [1_000, 1_000, 500]]);
});
