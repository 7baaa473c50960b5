import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect } from "vitest";
import { HttpHandler, type HttpRef } from "../../src/handlers/http-handler.ts";
import { test as base } from "../support/fixtures.ts";
import { testRun } from "../support/run.ts";
import { unusedPort } from "../support/unused-port.ts";

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (response: ServerResponse) => void;

function httpOf(url: string, more: Partial<HttpRef> = {}): HttpRef {
  return { kind: "http", url, method: "POST", headers: {}, body: undefined, expect: null, ...more };
}

/** A server that gives one answer and keeps what it was asked. */
const test = base.extend(
  "setup",
  ({ onTestFinished }) =>
    async (answer: Answer, more: Partial<HttpRef> = {}) => {
      const requests: Request[] = [];
      const asked = Promise.withResolvers<void>();
      const server = createServer((request, response) => {
        void text(request).then(body => {
          const { method = "", url = "", headers } = request;
          requests.push({ method, url, headers, body });
          asked.resolve();
          answer(response);
        });
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      });
      const address = server.address();
      if (address === null || typeof address === "string")
        throw new Error("BUG: a TCP server without a port");
      const origin = `http://127.0.0.1:${address.port}`;
      const { run, abort } = testRun();
      const handler = new HttpHandler(httpOf(`${origin}/hooks/secret-path?key=secret`, more));
      return {
        origin,
        requests,
        asked: asked.promise,
        abort,
        handle: (data: Record<string, unknown> = {}) => handler.handle(data, run),
      };
    },
);

const ok: Answer = response => void response.writeHead(204).end();
const answering =
  (status: number, body = "", headers: Record<string, string> = {}): Answer =>
  response =>
    void response.writeHead(status, headers).end(body);

describe("an http handler", () => {
  test("posts the data with its tick, and a key that is the same in every attempt", async ({ setup }) => {
    const { handle, requests } = await setup(ok);
    expect(await handle({ format: "pdf" })).toEqual({ status: 204 });
    const [request] = requests;
    expect(request).toMatchObject({ method: "POST", url: "/hooks/secret-path?key=secret" });
    expect(JSON.parse(request?.body ?? "")).toEqual({
      format: "pdf",
      _tick: { at: "2026-11-23T07:00:00.000Z", kind: "scheduled", term: 7 },
    });
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "backup@20261123T070000Z",
      "bellwether-job": "backup",
      "bellwether-tick": "2026-11-23T07:00:00.000Z",
      "bellwether-attempt": "2",
    });
  });

  test.for([
    ["a mapping as JSON", { body: { a: 1 } }, '{"a":1}', "application/json"],
    ["a text as it is", { body: "a=1", headers: { "Content-Type": "text/x" } }, "a=1", "text/x"],
    ["nothing with GET", { method: "GET" }, "", undefined],
  ] as const)("sends %s", async ([_name, more, body, type], { setup }) => {
    const { handle, requests } = await setup(ok, more);
    await handle({ ignored: true });
    expect(requests[0]?.body).toBe(body);
    expect(requests[0]?.headers["content-type"]).toBe(type);
  });

  test("sends its own headers, but keeps the key of the run", async ({ setup }) => {
    const headers = { Authorization: "Bearer abc", "idempotency-key": "mine", "User-Agent": "cron" };
    const { handle, requests } = await setup(ok, { headers });
    await handle();
    expect(requests[0]?.headers).toMatchObject({
      authorization: "Bearer abc",
      "idempotency-key": "backup@20261123T070000Z",
      "user-agent": "cron",
    });
  });

  test("waits for the end of the answer", async ({ setup }) => {
    const { handle } = await setup(response => {
      response.writeHead(200);
      response.write("working…");
      response.destroy();
    });
    await expect(handle()).rejects.toThrow("lost its connection before the answer was complete");
  });

  test.for([
    ["a status of its own list", 409, [200, 409], true],
    ["a redirect that is expected", 302, [302], true],
    ["a success that is not expected", 200, [202], false],
  ] as const)("judges %s", async ([_name, status, expected, isSuccess], { setup }) => {
    const { handle } = await setup(answering(status, "", { location: "/x" }), { expect: expected });
    const result = await handle().then(
      () => true,
      () => false,
    );
    expect(result).toBe(isSuccess);
  });

  test.for([
    [
      "an error status, with the beginning of the body",
      answering(500, `broken\n  pipe ${"x".repeat(100_000)}`),
      {},
      / answered 500 Internal Server Error: broken pipe x{488}…$/,
    ],
    ["an empty error", answering(404), {}, / answered 404 Not Found, without a body$/],
    [
      "what was expected",
      answering(200, "hello"),
      { expect: [202, 204] },
      / answered 200 OK \(expected 202 or 204\): hello$/,
    ],
    [
      "a redirect, without following it",
      answering(307, "", { location: "https://example.com/other?secret" }),
      {},
      / answered 307 Temporary Redirect, a redirect to https:\/\/example\.com, and redirects are not followed: write the final address into url$/,
    ],
    [
      "no secret that the server sends back",
      answering(401, "no such token: s3cret-token"),
      { headers: { Authorization: "Bearer s3cret-token" } },
      / answered 401 Unauthorized: no such token: \*\*\*$/,
    ],
  ] as const)("tells %s", async ([_name, answer, more, message], { setup }) => {
    const { handle, origin } = await setup(answer, more);
    const error = await handle().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "BW_HTTP_FAILED", message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringContaining(`POST ${origin} `) });
    expect(error).toMatchObject({ message: expect.not.stringContaining("secret") });
  });

  test("is cancelled by the run's signal, while it waits for the answer", async ({ setup }) => {
    const { handle, asked, abort } = await setup(() => undefined);
    const end = handle().catch((error: unknown) => error);
    await asked;
    const reason = new Error("took too long");
    abort(reason);
    expect(await end).toBe(reason);
  });

  test("is cancelled by the run's signal, in the middle of the answer", async ({ setup }) => {
    const { handle, asked, abort } = await setup(response => void response.writeHead(200).write("some"));
    const end = handle().catch((error: unknown) => error);
    await asked;
    abort(new Error("took too long"));
    expect(String(await end)).toBe("Error: took too long");
  });

  test("tells in one line that nothing listens, or that there is no such host", async () => {
    const { run } = testRun();
    const port = await unusedPort();
    const failureOf = (url: string) =>
      new HttpHandler(httpOf(url)).handle({}, run).catch((error: unknown) => String(error));
    expect(await failureOf(`http://127.0.0.1:${port}/x`)).toBe(
      `BellwetherError: POST http://127.0.0.1:${port} was refused: nothing listens there (ECONNREFUSED)`,
    );
    expect(await failureOf("http://no-such-host.invalid/x")).toMatch(
      /^BellwetherError: POST http:\/\/no-such-host\.invalid (found no such host \(ENOTFOUND\)|got no answer about the host from DNS \(EAI_AGAIN\))$/,
    );
  });
});
