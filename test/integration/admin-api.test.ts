import { expect } from "vitest";
import { test } from "../support/admin.ts";

const PROBLEM = "application/problem+json; charset=utf-8";

test("shows the status, the jobs and the audit, and pauses and resumes a job by name of the token", async ({
  serve,
}) => {
  const { call } = await serve();
  expect(await call("/status", { as: "viewer" })).toMatchObject({
    status: 200,
    body: { leader: null, jobsFrom: "local", jobs: [{ name: "report", paused: false }] },
  });
  expect(await call("/jobs/report/pause", { as: "operator", method: "POST" })).toMatchObject({
    status: 200,
    body: { job: "report", paused: true, changed: true },
  });
  expect(await call("/jobs", { as: "viewer" })).toMatchObject({ body: { items: [{ paused: true }] } });
  expect(await call("/jobs/report/resume", { as: "admin", method: "POST" })).toMatchObject({
    body: { job: "report", paused: false, changed: true },
  });
  expect(await call("/audit", { as: "viewer" })).toMatchObject({
    body: {
      items: [
        { action: "resume", job: "report", by: "anna@127.0.0.1" },
        { action: "pause", job: "report", by: "olga@127.0.0.1" },
      ],
    },
  });
});

test("says who leads, and of the replicas, without reading anything of the jobs", async ({
  serve,
  connect,
}) => {
  const { call } = await serve();
  const redis = await connect("plain");
  const whole = await call("/status", { as: "viewer" });
  expect(whole.body.jobs).toHaveLength(1);
  await redis.config("RESETSTAT");
  expect(await call("/status?jobs=false", { as: "viewer" })).toMatchObject({
    status: 200,
    body: { ...whole.body, jobs: [] },
  });
  expect(await call("/replicas", { as: "viewer" })).toMatchObject({ status: 200, body: { items: [] } });
  // The last decision of each job.
  expect(await redis.info("commandstats")).not.toMatch(/cmdstat_xrevrange/);
  await call("/status", { as: "viewer" });
  expect(await redis.info("commandstats")).toMatch(/cmdstat_xrevrange/);
  expect(await call("/status?jobs=maybe", { as: "viewer" })).toMatchObject({ status: 400 });
});

test("names to a viewer who mistypes a job only what the viewer may list", async ({ serve }) => {
  const { call } = await serve();
  const wrong = await call("/jobs/reprot", { as: "viewer" });
  expect(wrong).toMatchObject({ status: 404, body: { code: "BW_JOB_UNKNOWN" } });
  expect(wrong.body.detail).toContain("did you mean report?");
  expect(await call("/jobs?search=report", { as: "viewer" })).toMatchObject({
    status: 200,
    body: { items: [{ name: "report" }] },
  });
  // Without a token nothing is looked up.
  const nobody = await call("/jobs/reprot");
  expect(nobody).toMatchObject({ status: 401 });
  expect(JSON.stringify(nobody.body)).not.toContain("report");
});

test("lists coming ticks some jobs at a time", async ({ serve }) => {
  const { call } = await serve({
    jobs: [
      "often: { every: 1m, command: ['true'] }",
      "seldom: { cron: '0 0 * * *', timezone: Europe/Berlin, command: ['true'] }",
    ],
  });
  const query = "/next?from=2026-01-01T00:00:00Z&count=1000";
  const { body } = await call(query, { as: "viewer" });
  expect(body).toMatchObject({ next: "often", cut: ["often"], sparse: [], zones: { often: "UTC" } });
  expect(body.items).toHaveLength(1_000);
  const second = await call(`${query}&cursor=${body.next}`, { as: "viewer" });
  expect(second.body).toMatchObject({ next: null, zones: { seldom: "Europe/Berlin" } });
  expect(second.body.items[0]).toMatchObject({ job: "seldom", local: "2026-01-02 00:00 CET" });
  const only = await call(`/next?job=seldom&from=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z&count=1`, {
    as: "viewer",
  });
  expect(only.body).toMatchObject({ items: [{ job: "seldom" }], cut: [], next: null });
  for (const refused of ["count=0", "count=1001", "cursor=nothing", "from=today", "limit=1"]) {
    expect(await call(`/next?${refused}`, { as: "viewer" })).toMatchObject({ status: 400 });
  }
  expect(await call("/next?job=oftne", { as: "viewer" })).toMatchObject({ status: 404 });
});

test("reports each request that acts, with who sent it, from where, and its outcome", async ({ serve }) => {
  const { call, answered } = await serve();
  await call("/status", { as: "viewer" });
  await call("/jobs/report/pause", { as: "operator", method: "POST" });
  await call("/jobs/report/pause", { as: "viewer", method: "POST" });
  await call("/jobs/report/pause?x=1", { method: "POST" });
  const [method, path, from] = ["POST", "/api/v1/jobs/report/pause", "127.0.0.1"];
  await expect
    .poll(() => answered)
    .toEqual([
      { method, path, status: 200, by: "olga", from },
      { method, path, status: 403, by: "vera", from },
      { method, path, status: 401, by: null, from },
    ]);
});

test("signs in with a cookie, and out", async ({ serve }) => {
  const { call } = await serve();
  const signedIn = await call("/session", { body: { token: "secret-of-olga" } });
  expect(signedIn).toMatchObject({ status: 200, body: { name: "olga", role: "operator" } });
  const set = signedIn.headers.get("set-cookie");
  expect(set).toMatch(/^bellwether_session_\S+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  const headers = { cookie: signedIn.cookie ?? "" };
  expect(await call("/status", { headers })).toMatchObject({ status: 200 });
  expect(await call("/jobs/report/pause", { method: "POST", headers })).toMatchObject({ status: 403 });
  const acting = { ...headers, "x-csrf-token": signedIn.body.csrf };
  expect(await call("/jobs/report/pause", { method: "POST", headers: acting })).toMatchObject({
    status: 200,
  });
  expect(await call("/session", { method: "DELETE", headers: acting })).toMatchObject({ status: 204 });
  expect(await call("/status", { headers })).toMatchObject({
    status: 401,
    body: { code: "BW_UNAUTHENTICATED", status: 401 },
  });
});

test("answers what it refuses as problem+json with a code", async ({ serve }) => {
  const { call } = await serve();
  const answers = await Promise.all([
    call("/status"),
    call("/nowhere", { as: "viewer" }),
    call("/jobs/report/pause", { as: "viewer", method: "POST" }),
    call("/jobs/reprot/pause", { as: "operator", method: "POST" }),
    call("/jobs?limit=0", { as: "viewer" }),
    call("/jobs/report/pause", { as: "operator", body: { until: 5 } }),
  ]);
  expect(
    answers.map(({ status, body, headers }) => [status, body.code, headers.get("content-type")]),
  ).toEqual([
    [401, "BW_UNAUTHENTICATED", PROBLEM],
    [404, "BW_NOT_FOUND", PROBLEM],
    [403, "BW_FORBIDDEN", PROBLEM],
    [404, "BW_JOB_UNKNOWN", PROBLEM],
    [400, "BW_REQUEST_INVALID", PROBLEM],
    [400, "BW_REQUEST_INVALID", PROBLEM],
  ]);
});
