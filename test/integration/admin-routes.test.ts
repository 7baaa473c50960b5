import { readFile } from "node:fs/promises";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { call, TOKENS } from "../support/admin.ts";
import { test } from "../support/fixtures.ts";

const ADMIN = `admin: { port: 0, tokens: [{ name: anna, role: admin, token: ${TOKENS.admin} }] }`;

const OPENAPI = path.resolve(import.meta.dirname, "../../config/schema/openapi.json");

interface Ask {
  /** The path with its parameters; as the route where there are none. */
  readonly url?: string;
  readonly body?: unknown;
}

test("every route of a replica answers as OpenAPI says", { timeout: 60_000 }, async ({ deploy }) => {
  const deployment = await deploy({
    settings: [ADMIN],
    jobs: [
      "echo: { every: 1s, handler: echo, data: { a: 1 } }",
      "fail: { at: ['2100-01-01T00:00:00Z'], handler: fail }",
      "slow: { at: ['2100-01-01T00:00:00Z'], handler: fail, retry: { attempts: 2, delay: 1h, backoff: fixed } }",
    ],
    handlers: { fail: 'throw new Error("no luck");' },
  });
  const replica = deployment.start();
  const origin = String((await replica.when("replica.started"))["admin"]);
  const document = JSON.parse(await readFile(OPENAPI, "utf8"));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, "api");
  const asked = new Set<string>();
  /** Sends it, and holds the answer against what OpenAPI says of `route`. */
  const ask = async (method: string, route: string, { url = route, body }: Ask = {}) => {
    const answer = await call(`${origin}api/v1${url}`, { method, as: "admin", body });
    expect({ url, status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    const place = `/api/v1${route}`.replaceAll("/", "~1");
    const schema = `api#/paths/${place}/${method.toLowerCase()}/responses/200/content/application~1json/schema`;
    ajv.validate({ $ref: encodeURI(schema) }, answer.body);
    expect({ url, errors: ajv.errors }).toEqual({ url, errors: null });
    asked.add(`${method} /api/v1${route}`);
    return answer.body;
  };
  await replica.when("run.completed", ({ job }) => job === "echo");

  const { run } = await ask("POST", "/jobs/{job}/trigger", {
    url: "/jobs/fail/trigger",
    body: { data: { b: 2 } },
  });
  await replica.when("run.failed", line => line["run"] === run);
  await ask("POST", "/jobs/{job}/trigger", { url: "/jobs/fail/trigger", body: { dryRun: true } });
  await ask("GET", "/session");
  await ask("POST", "/session", { body: { token: TOKENS.admin } });
  await ask("GET", "/status");
  await ask("GET", "/replicas");
  await ask("GET", "/terms");
  await ask("GET", "/forecast", { url: "/forecast?days=1" });
  await ask("GET", "/next");
  await ask("GET", "/timeline");
  await ask("GET", "/jobs", { url: "/jobs?search=ec&state=all&sort=-next&limit=1" });
  await ask("GET", "/jobs/{job}", { url: "/jobs/echo" });
  await ask("GET", "/jobs/{job}/ticks", { url: "/jobs/echo/ticks?limit=2" });
  await ask("GET", "/jobs/{job}/ticks", { url: "/jobs/echo/ticks?future=true&limit=2" });
  await ask("GET", "/jobs/{job}/why", { url: `/jobs/echo/why?at=${new Date().toISOString()}` });
  await ask("GET", "/runs/{run}", { url: `/runs/${run}` });
  await ask("POST", "/runs/{run}/retry", { url: `/runs/${run}/retry` });
  const { run: delayed } = await ask("POST", "/jobs/{job}/trigger", { url: "/jobs/slow/trigger" });
  await replica.when("run.failed", line => line["run"] === delayed);
  await ask("POST", "/runs/{run}/cancel", { url: `/runs/${delayed}/cancel` });

  const pause = { reason: "a test", until: "2100-01-01T00:00:00Z" };
  await ask("POST", "/jobs/{job}/pause", { url: "/jobs/echo/pause", body: pause });
  await ask("POST", "/jobs/{job}/resume", { url: "/jobs/echo/resume" });
  await ask("POST", "/jobs/{job}/skip-next", { url: "/jobs/fail/skip-next" });
  await ask("POST", "/jobs/{job}/skip-next", { url: "/jobs/fail/skip-next", body: { undo: true } });
  const [from, to] = [new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_590_000)];
  const range = { from, to, dryRun: true };
  await ask("POST", "/jobs/{job}/backfill", { url: "/jobs/echo/backfill", body: range });
  const filtered = { filter: { search: "echo" }, dryRun: true };
  expect(await ask("POST", "/jobs:pause", { body: filtered })).toEqual({
    items: [{ job: "echo", result: null, error: null }],
    count: 1,
  });
  await ask("POST", "/jobs:pause", { body: { names: ["echo", "fail"] } });
  await ask("POST", "/jobs:resume", { body: { filter: {} } });
  await ask("POST", "/jobs:trigger", { body: { names: ["echo"] } });
  await ask("POST", "/stepdown");

  const audit = await ask("GET", "/audit", { url: "/audit?limit=1" });
  expect(audit).toMatchObject({ items: [{ action: "stepdown", by: "anna@127.0.0.1" }] });
  const before = await ask("GET", "/audit", { url: `/audit?limit=1&cursor=${audit.next}` });
  expect(before.items).toMatchObject([{ action: "trigger" }]);

  const described = Object.entries<object>(document.paths).flatMap(([place, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${place}`),
  );
  // A stream is no JSON (admin-events.test.ts).
  expect(described.filter(one => !asked.has(one)).sort()).toEqual([
    "DELETE /api/v1/session",
    "GET /api/v1/events",
  ]);
});
