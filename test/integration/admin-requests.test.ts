import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, vi } from "vitest";
import { test } from "../support/admin.ts";

describe("a parameter that is not known", () => {
  test("is refused by each route, and nothing is done", async ({ serve, openApiRoutes }) => {
    const { call } = await serve();
    const answers: unknown[] = [];
    for (const { id, method, url } of openApiRoutes) {
      const { status, body } = await call(`${url}?dryRun=true`, { method, as: "admin" });
      answers.push([id, status, body.code]);
    }
    expect(answers).toEqual(openApiRoutes.map(({ id }) => [id, 400, "BW_REQUEST_INVALID"]));
    expect(await call("/audit", { as: "viewer" })).toMatchObject({ body: { items: [] } });
  });
});

describe("a forged cursor", () => {
  const cursors = ["0-0", "00-000", "x", "1", "-1", "+275760-09-13T00:00:00.000Z", "2026", "0x10", " ", "é"];

  for (const route of ["/audit", "/terms", "/jobs/report/ticks", "/jobs/report/ticks?future=true", "/jobs"]) {
    test(`is a mistake of the caller: ${route}`, async ({ serve }) => {
      const { call } = await serve();
      const mark = route.includes("?") ? "&" : "?";
      // The cursors of /terms are numbers.
      const forged = cursors.filter(cursor => route !== "/terms" || !/^\d+$/.test(cursor));
      for (const cursor of forged) {
        const { status, body } = await call(`${route}${mark}cursor=${encodeURIComponent(cursor)}`, {
          as: "viewer",
        });
        expect({ cursor, status, code: body.code }).toEqual({
          cursor,
          status: 400,
          code: "BW_ARGUMENT_INVALID",
        });
      }
    });
  }
});

test("names of BullMQ's other keys are no runs", async ({ serve }) => {
  const { call } = await serve({ jobs: ["report: { every: 1h, command: ['true'] }"] });
  const { body } = await call("/jobs/report/trigger", { method: "POST", as: "operator" });
  for (const run of [
    "id",
    "meta",
    "events",
    "wait",
    `${body.run}:logs`,
    `${body.run}:lock`,
    "@",
    "..",
    "a\0b",
  ]) {
    const place = `/runs/${encodeURIComponent(run)}`;
    for (const route of [place, `${place}/retry`, `${place}/cancel`]) {
      const answer = await call(route, { as: "operator", method: route === place ? "GET" : "POST" });
      expect({ route, status: answer.status }).toEqual({ route, status: 404 });
    }
  }
});

test("HEAD of the stream of events opens none", async ({ serve }) => {
  const { call } = await serve();
  expect(await call("/events", { method: "HEAD", as: "viewer" })).toMatchObject({ status: 404 });
});

test("a backfill goes by the clock of Redis, not by that of the replica", async ({
  serve,
  onTestFinished,
}) => {
  const { call } = await serve({ jobs: ["report: { every: 1m, command: ['true'] }"] });
  onTestFinished(() => void vi.useRealTimers());
  const nowMs = Date.now();
  const [from, to] = [new Date(nowMs - 600_000), new Date(nowMs - 300_000)];
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs - 7_200_000 });
  const backfill = (to: Date) =>
    call("/jobs/report/backfill", { as: "operator", body: { from, to, dryRun: true } });
  const behind = await backfill(to);
  expect(behind.body.code).not.toBe("BW_ARGUMENT_INVALID");
  vi.setSystemTime(nowMs + 7_200_000);
  expect(await backfill(new Date(nowMs + 3_600_000))).toMatchObject({
    status: 400,
    body: { code: "BW_ARGUMENT_INVALID", argument: "to" },
  });
});

test("If-None-Match may name several answers, and counts for reading alone", async ({ serve }) => {
  const { call } = await serve();
  const statusOf = async (route: string, asked: string, method = "GET") =>
    (await call(route, { method, as: "operator", headers: { "if-none-match": asked } })).status;
  const tag = (await call("/terms", { as: "viewer" })).headers.get("etag") ?? "";
  const asked = [tag, `"x", ${tag}`, `${tag},"x"`, tag.replace("W/", ""), "*", '"x"', "", "x"];
  const statuses = await Promise.all(asked.map(one => statusOf("/terms", one)));
  expect(statuses).toEqual([304, 304, 304, 304, 304, 200, 200, 200]);
  expect(await statusOf("/jobs/report/resume", "*", "POST")).toBe(200);
  expect(await statusOf("/jobs/nope", "*")).toBe(404);
});

test("an answer is not compressed for a client that refuses it", async ({ serve }) => {
  const jobs = Array.from({ length: 50 }, (_, i) => `job-${i}: { every: 1h, command: ['true'] }`);
  const { call } = await serve({ jobs });
  for (const [accepted, encoding] of [
    ["br, gzip", "br"],
    ["br;q=0, gzip", "gzip"],
    ["br; q=0.0, GZIP;q=0.5", "gzip"],
    ["br;q=0,gzip;q=0", null],
    ["x-br", null],
  ] as const) {
    const { headers } = await call("/status", { as: "viewer", headers: { "accept-encoding": accepted } });
    expect({ accepted, encoding: headers.get("content-encoding") }).toEqual({ accepted, encoding });
  }
});

test("what is no HTTP is refused as every other mistake", async ({ serve }) => {
  const { origin } = await serve();
  const { port } = new URL(origin);
  for (const [sent, status] of [
    ["FOO / HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["GET /\u001b HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(sent);
    const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json`));
    expect(JSON.parse(body)).toMatchObject({ status, code: "BW_REQUEST_INVALID" });
  }
});
