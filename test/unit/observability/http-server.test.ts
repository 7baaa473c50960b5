import { afterEach, describe, expect, it } from "vitest";
import { allowReadingOnly, createHttpServer } from "../../../src/observability/http-server.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setup() {
  const server = await createHttpServer();
  closers.push(() => server.close());
  allowReadingOnly(server);
  server.get("/there", async () => ({ status: "ok" }));
  server.get("/broken", async () => {
    throw new Error("a secret");
  });
  return server;
}

describe("an HTTP server", () => {
  it.each(["GET", "HEAD"] as const)("answers %s", async method => {
    expect((await (await setup()).inject({ method, url: "/there" })).statusCode).toBe(200);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const)("refuses %s", async method => {
    const answer = await (await setup()).inject({ method, url: "/there", payload: "<x/>" });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers["allow"]).toBe("GET, HEAD");
    expect(answer.json()).toEqual({
      error: { code: "method_not_allowed", message: `${method} is not allowed here` },
    });
  });

  it("outlives a connection that cannot be accepted", async () => {
    const server = await setup();
    server.server.emit("error", new Error("accept EMFILE"));
    expect((await server.inject("/there")).statusCode).toBe(200);
  });

  it.each([
    ["/nowhere", 404, "not_found", "there is nothing at /nowhere"],
    ["/%zz", 400, "bad_request", "'/%zz' is not a valid url component"],
    ["/broken", 500, "internal", "no answer could be made"],
  ])("answers %s with %i and says no more than it must", async (url, status, code, message) => {
    const answer = await (await setup()).inject({ method: "GET", url });
    expect([answer.statusCode, answer.json()]).toEqual([status, { error: { code, message } }]);
  });
});
