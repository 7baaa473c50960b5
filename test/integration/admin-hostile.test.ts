import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect as connectSocket, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect } from "vitest";
import { type Answer, TOKENS, test } from "../support/admin.ts";

const MIB = 1024 * 1024;
/** The server reads its token file again once a second. */
const POLL = { timeout: 10_000 };

/** Sends a request whose path and headers `fetch` would change. */
async function sendRaw(url: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  const request = httpRequest(url, { path, headers, agent: false });
  request.end();
  const [response] = await once(request, "response").catch((error: Error) => {
    throw new Error(`${path.slice(0, 100)}: ${error.message}`);
  });
  return { status: Number(response.statusCode), body: await text(response) };
}

function codesOf(answers: readonly Answer[]) {
  return answers.map(({ status, body }) => [status, body.code]);
}

describe("who is nobody", () => {
  test("gets nothing, whatever the path and the method", async ({ serve, openApiRoutes }) => {
    const { call } = await serve();
    const answers = await Promise.all(
      openApiRoutes
        .filter(({ id }) => id !== "signIn")
        .map(async ({ method, url }) => ({ method, url, status: (await call(url, { method })).status })),
    );
    expect(answers.filter(({ status }) => status !== 401)).toEqual([]);
    expect(answers.length).toBeGreaterThan(20);
  });

  test("cannot guess tokens at speed, and an owner of a session does not notice", async ({ serve }) => {
    const { call } = await serve();
    const { cookie = "" } = await call("/session", { body: { token: TOKENS.viewer } });
    const guess = (i: number) => call("/status", { headers: { authorization: `Bearer guess-${i}` } });
    const statuses: number[] = [];
    for (let i = 0; i < 32; i++) statuses.push((await guess(i)).status);
    expect(statuses.slice(0, 30)).toEqual(Array(30).fill(401));
    expect(statuses.slice(30)).toEqual([429, 429]);
    const refused = await call("/session", { body: { token: TOKENS.admin } });
    expect(refused).toMatchObject({ status: 429, body: { code: "BW_TOO_MANY_REQUESTS" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await call("/status", { headers: { cookie } })).toMatchObject({ status: 200 });
  });

  test.for(["Bearer", "Bearer ", "Basic b2xnYTpzZWNyZXQ=", `Bearer ${TOKENS.admin} x`, "Bearer undefined"])(
    "is whoever sends Authorization: %s",
    async (authorization, { serve }) => {
      const { call } = await serve();
      expect(await call("/status", { headers: { authorization } })).toMatchObject({ status: 401 });
    },
  );
});

describe("a viewer", () => {
  test("can do nothing, and an operator cannot make the leader step down", async ({
    serve,
    openApiRoutes,
  }) => {
    const { call } = await serve();
    const acts = openApiRoutes.filter(({ method, id }) => method === "POST" && id !== "signIn");
    expect(acts.length).toBeGreaterThan(9);
    for (const { method, url } of acts) {
      const answer = await call(url, { method, as: "viewer", body: {} });
      // What is refused is not read either: the body of each is not valid.
      expect({ url, status: answer.status, code: answer.body.code }).toEqual({
        url,
        status: 403,
        code: "BW_FORBIDDEN",
      });
    }
    expect(await call("/stepdown", { method: "POST", as: "operator" })).toMatchObject({
      status: 403,
      body: { role: "operator", needed: "admin" },
    });
    expect(await call("/audit", { as: "viewer" })).toMatchObject({ body: { items: [] } });
  });
});

describe("a session", () => {
  const signIn = (call: (route: string, options?: object) => Promise<Answer>, token: string) =>
    call("/session", { body: { token } });

  test("cannot be replayed after its end, guessed, or used after its token has changed", async ({
    serve,
    connect,
    keys,
  }) => {
    const tokenFile = "tokens: [], tokenFile: TOKENS";
    const { call, file } = await serve({
      admin: tokenFile,
      files: { TOKENS: `zoe viewer ${"z".repeat(20)}\n` },
    });
    const first = await signIn(call, "z".repeat(20));
    const headers = { cookie: first.cookie ?? "" };
    expect(await call("/status", { headers })).toMatchObject({ status: 200 });
    const name = headers.cookie.split("=")[0];
    for (const value of ["", "x".repeat(43), "../x", `${"é".repeat(20)}`, "x".repeat(4_000)]) {
      const cookie = `${name}=${encodeURIComponent(value)}`;
      expect(await call("/status", { headers: { cookie } })).toMatchObject({ status: 401 });
    }
    const redis = await connect("plain");
    const [session = ""] = await redis.keys(`${keys.session("")}*`);
    expect(session).not.toContain(headers.cookie.split("=")[1]);
    expect(await redis.get(session)).not.toContain("z".repeat(20));
    expect(await redis.pttl(session)).toBeGreaterThan(11 * 3_600_000);

    await writeFile(file("TOKENS"), `zoe viewer ${"y".repeat(20)}\n`);
    await expect.poll(async () => (await call("/status", { headers })).status, POLL).toBe(401);
    const second = await signIn(call, "y".repeat(20));
    await redis.del(...(await redis.keys(`${keys.session("")}*`)));
    const expired = { cookie: second.cookie ?? "" };
    expect(await call("/status", { headers: expired })).toMatchObject({ status: 401 });
  });

  test("gets 503, and not 401, while Redis is away", async ({ serve, startServer }) => {
    const server = await startServer();
    const { call } = await serve({ redis: server.url });
    const { cookie = "" } = await signIn(call, TOKENS.viewer);
    await server.stop();
    for (const options of [{ headers: { cookie } }, { as: "viewer" } as const]) {
      expect(await call("/status", options)).toMatchObject({
        status: 503,
        body: { code: expect.stringMatching(/^BW_REDIS_(LOST|UNREACHABLE)$/) },
      });
    }
    expect((await call("/status", { headers: { cookie: "" } })).status).toBe(401);
  });
});

describe("a page of another site", () => {
  test.for([
    { name: "with the session's cookie alone", headers: {}, status: 403 },
    { name: "with a token of its own making", headers: { "x-csrf-token": "x" }, status: 403 },
    { name: "from another origin", headers: { origin: "https://evil.example", csrf: "true" }, status: 403 },
    { name: "from a sandboxed frame", headers: { origin: "null", csrf: "true" }, status: 403 },
    { name: "from a sibling domain", headers: { "sec-fetch-site": "same-site", csrf: "true" }, status: 403 },
    { name: "cross-site", headers: { "sec-fetch-site": "cross-site", csrf: "true" }, status: 403 },
    {
      name: "and the dashboard itself",
      headers: { "sec-fetch-site": "same-origin", csrf: "true" },
      status: 200,
    },
  ])("cannot act: $name", async ({ headers: { csrf, ...given }, status }, { serve }) => {
    const { call } = await serve();
    const signedIn = await call("/session", { body: { token: TOKENS.operator } });
    const headers = {
      ...given,
      cookie: signedIn.cookie ?? "",
      ...(csrf !== undefined && { "x-csrf-token": signedIn.body.csrf }),
    };
    expect(await call("/jobs/report/pause", { method: "POST", headers })).toMatchObject({ status });
  });

  test("cannot act through a form, sign anyone in, or reach an open server by another name", async ({
    serve,
  }) => {
    const open = await serve({ admin: "tokens: []" });
    const forms = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"];
    for (const type of forms) {
      const headers = { "content-type": type };
      const form = await open.call("/jobs/report/pause", { method: "POST", body: "a=b", headers });
      expect(form).toMatchObject({ status: 400, body: { code: "BW_REQUEST_INVALID" } });
    }
    const evil = { origin: "https://evil.example" };
    expect(await open.call("/jobs/report/pause", { method: "POST", headers: evil })).toMatchObject({
      status: 403,
    });
    expect(await sendRaw(open.origin, "/api/v1/status", { host: "evil.example" })).toMatchObject({
      status: 403,
    });
    expect(await open.call("/status")).toMatchObject({ status: 200 });
    const { call } = await serve();
    expect(await call("/session", { body: { token: TOKENS.viewer }, headers: evil })).toMatchObject({
      status: 403,
      cookie: undefined,
    });
  });
});

describe("a proxy", () => {
  const user = (name: string, groups: string) => ({
    "x-forwarded-user": name,
    "x-forwarded-groups": groups,
    "x-forwarded-for": "203.0.113.9",
  });

  test("signs users in with the role of their groups, and only from its own address", async ({ serve }) => {
    const proxy = "roles: { ops: operator, everyone: viewer }";
    const { call } = await serve({ admin: `proxy: { from: [127.0.0.0/8], ${proxy} }` });
    const ops = user("ann", "everyone, ops");
    expect(await call("/session", { headers: ops })).toMatchObject({
      body: { name: "ann", role: "operator", signedInBy: "proxy" },
    });
    expect(await call("/jobs/report/pause", { method: "POST", headers: ops })).toMatchObject({ status: 200 });
    expect(await call("/audit", { headers: ops })).toMatchObject({
      body: { items: [{ by: "ann@203.0.113.9" }] },
    });
    expect(
      codesOf([
        await call("/session", { headers: user("bob", "strangers") }),
        await call("/session", { headers: user("", "ops") }),
        await call("/session", { headers: user("x".repeat(101), "ops") }),
        await call("/session", { headers: user("cat", "__proto__,constructor") }),
        await call("/session"),
      ]),
    ).toEqual([
      [403, "BW_FORBIDDEN"],
      [401, "BW_UNAUTHENTICATED"],
      [401, "BW_UNAUTHENTICATED"],
      [403, "BW_FORBIDDEN"],
      [401, "BW_UNAUTHENTICATED"],
    ]);

    const far = await serve({ admin: `proxy: { from: [10.0.0.1, "fd00::/8"], ${proxy} }` });
    const spoofed = {
      ...ops,
      "x-forwarded-for": "10.0.0.1",
      forwarded: "for=10.0.0.1",
      "x-real-ip": "10.0.0.1",
    };
    expect(codesOf([await far.call("/session", { headers: spoofed })])).toEqual([
      [401, "BW_UNAUTHENTICATED"],
    ]);
  });
});

describe("what is sent", () => {
  test("is refused where it is malformed, poisonous or too large, and the server goes on", async ({
    serve,
  }) => {
    const { call, origin } = await serve();
    const post = (body: unknown, route = "/jobs/report/trigger") => call(route, { as: "operator", body });
    const answers = [
      await post("{"),
      await post('"text"'),
      await post("[]"),
      await post('{"data":{"__proto__":{"admin":true}}}'),
      await post('{"data":{"constructor":{"prototype":{"admin":true}}}}'),
      await post({ data: { _tick: 1 } }),
      await post({ dataa: {} }),
      await post({ until: "tomorrow" }, "/jobs/report/pause"),
      await post({ from: "2026-01-01T00:00:00Z" }, "/jobs/report/backfill"),
      await post({}, "/jobs:pause"),
      await post({ filter: {}, names: ["report"] }, "/jobs:pause"),
      await post({ filter: { serach: "x" } }, "/jobs:pause"),
      await post({ data: { text: "x".repeat(10 * MIB) } }),
      await post({ names: ["x".repeat(2 * MIB)] }, "/jobs:pause"),
    ];
    expect(codesOf(answers)).toEqual([
      ...Array(12).fill([400, expect.stringMatching(/^BW_(REQUEST|ARGUMENT)_INVALID$/)]),
      [413, "BW_REQUEST_TOO_LARGE"],
      [413, "BW_REQUEST_TOO_LARGE"],
    ]);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();

    const auth = { authorization: `Bearer ${TOKENS.admin}` };
    const parameters = Array(10_000).fill("a").join("&");
    const some = Array.from({ length: 1_000 }, (_, i) => `p${i}=1`).join("&");
    // The server reads no further, so its answer may be lost with the connection.
    const tooMany = await sendRaw(origin, `/api/v1/jobs?${parameters}`, auth).catch(() => ({ status: 431 }));
    expect(tooMany).toMatchObject({ status: 431 });
    expect(await sendRaw(origin, `/api/v1/jobs?${some}`, auth)).toMatchObject({ status: 400 });
    expect(await sendRaw(origin, "/api/v1/jobs?limit=1&limit=2", auth)).toMatchObject({ status: 400 });
    expect(await sendRaw(origin, "/api/v1/jobs?__proto__[x]=1", auth)).toMatchObject({ status: 400 });
    expect(await sendRaw(origin, "/api/v1/jobs?cursor=%00", auth)).toMatchObject({ status: 400 });
    expect(await call("/status", { as: "viewer" })).toMatchObject({ status: 200 });
  });

  test.for([
    "/api/v1/../../etc/passwd",
    "/api/v1/..%2f..%2fetc%2fpasswd",
    "/api/v1/jobs/..%2f..%2fstatus",
    "/api/v1/jobs/%00",
    "/api/v1/jobs/__proto__",
    "/api/v1/jobs/constructor",
    "/api/v1/jobs/report%0d%0aX-Evil:1",
    "/api/v1/jobs/<script>alert(1)<%2fscript>",
    `/api/v1/jobs/${"x".repeat(600)}`,
    "/api/v1/runs/..%2f..%2fterm",
    "/api/v1/runs/__proto__@20261124T072341Z",
    "//evil.example/api/v1/status",
  ])("leads nowhere: %s", async (path, { serve }) => {
    const { origin } = await serve();
    const { status, body } = await sendRaw(origin, path, { authorization: `Bearer ${TOKENS.admin}` });
    expect([400, 404]).toContain(status);
    expect(body).not.toMatch(/root:|at file:|node_modules|\/src\//);
    expect(JSON.parse(body)).toMatchObject({ status });
  });

  test("leads nowhere where it cannot be decoded", async ({ serve }) => {
    const { origin } = await serve();
    for (const path of ["/api/v1/jobs/%", "/api/v1/jobs/%E0%A4%A", "/%"]) {
      const answer = await sendRaw(origin, path, { authorization: `Bearer ${TOKENS.admin}` });
      expect({ path, ...answer }).toMatchObject({ status: 400 });
    }
  });
});

describe("an Idempotency-Key", () => {
  test("carries a request out once; another body is 422", async ({ serve, connect, keys }) => {
    const { call } = await serve();
    const headers = { "idempotency-key": "deploy-17" };
    const trigger = (body: unknown) => call("/jobs/report/trigger", { as: "operator", headers, body });
    const [first, again] = [await trigger({ data: { a: 1 } }), await trigger({ data: { a: 1 } })];
    expect(first).toMatchObject({ status: 200, body: { run: expect.stringContaining("report@") } });
    expect(again.body).toEqual(first.body);
    expect(codesOf([await trigger({ data: { a: 2 } })])).toEqual([[422, "BW_REQUEST_REUSED"]]);
    const other = await call("/jobs/report/pause", { as: "operator", headers, method: "POST" });
    expect(codesOf([other])).toEqual([[422, "BW_REQUEST_REUSED"]]);
    const audit = await call("/audit", { as: "viewer" });
    expect(audit.body.items).toHaveLength(1);
    const redis = await connect("plain");
    const [mark = ""] = await redis.keys(`${keys.idempotency("")}*`);
    expect(await redis.pttl(mark)).toBeGreaterThan(23 * 3_600_000);
  });

  test("is refused while its request is carried out, and taken over when that replica has died", async ({
    serve,
    connect,
    keys,
  }) => {
    const { call } = await serve();
    const headers = { "idempotency-key": "k" };
    const pause = () => call("/jobs/report/pause", { as: "operator", headers, method: "POST" });
    expect(await pause()).toMatchObject({ status: 200, body: { changed: true } });
    const redis = await connect("plain");
    const [mark = ""] = await redis.keys(`${keys.idempotency("")}*`);
    const stored = JSON.parse((await redis.get(mark)) ?? "");
    await redis.set(mark, JSON.stringify({ ...stored, isRunning: true }), "PX", 60_000);
    expect(codesOf([await pause()])).toEqual([[409, "BW_REQUEST_RUNNING"]]);
    await redis.del(mark);
    expect(await pause()).toMatchObject({ status: 200, body: { changed: true } });
  });
});

describe("answers", () => {
  test("have an ETag, are not kept by others, and show no secret", async ({ serve }) => {
    const { call } = await serve();
    const first = await call("/jobs", { as: "viewer" });
    const etag = first.headers.get("etag") ?? "";
    expect(etag).not.toBe("");
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    const again = await call("/jobs", { as: "viewer", headers: { "if-none-match": etag } });
    expect(again).toMatchObject({ status: 304, body: "" });
    const routes = ["/status", "/jobs", "/jobs/report", "/replicas", "/audit", "/session", "/openapi.json"];
    for (const route of routes) {
      const { body } = await call(route, { as: "admin" });
      for (const secret of Object.values(TOKENS)) expect(JSON.stringify(body)).not.toContain(secret);
    }
  });

  test("of a run hide its data, result and log from viewers, unless the configuration says otherwise", async ({
    serve,
  }) => {
    const hiding = await serve();
    const data = { card: "4111" };
    const { body } = await hiding.call("/jobs/report/trigger", { as: "operator", body: { data } });
    const route = `/runs/${body.run}`;
    expect(await hiding.call(route, { as: "operator" })).toMatchObject({
      body: { hidden: false, data: expect.objectContaining(data) },
    });
    const seen = await hiding.call(route, { as: "viewer" });
    expect(seen).toMatchObject({ status: 200, body: { hidden: true, data: null, result: null, log: [] } });
    expect(JSON.stringify(seen.body)).not.toContain("4111");
    const tokens = `tokens: [{ name: vera, role: viewer, token: ${TOKENS.viewer} }]`;
    const showing = await serve({ admin: `viewersSeeData: true, ${tokens}` });
    expect(await showing.call(route, { as: "viewer" })).toMatchObject({
      body: { hidden: false, data: expect.objectContaining(data) },
    });
  });
});

test("200 slow connections keep no one else out, and are closed", { timeout: 30_000 }, async ({ serve }) => {
  const { call, origin } = await serve();
  const { hostname, port } = new URL(origin);
  const sockets = Array.from({ length: 200 }, (): Socket => {
    const socket = connectSocket(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.write("GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    return socket;
  });
  const closed = Promise.all(sockets.map(socket => once(socket, "close")));
  for (const socket of sockets) socket.resume();
  expect(await call("/status", { as: "viewer" })).toMatchObject({ status: 200 });
  await closed;
  expect(await call("/status", { as: "viewer" })).toMatchObject({ status: 200 });
});

test("a token file that cannot be read keeps the server from starting, and later changes nothing", async ({
  serve,
}) => {
  const admin = "tokenFile: TOKENS";
  for (const [content, problem] of [
    ["", /the file is empty/],
    ["zoe viewer", /line 1: expected NAME ROLE TOKEN/],
    ["# no one\nzoe owner secret-of-zoe", /line 2: expected viewer, operator, admin/],
    ["zoe viewer a-secret\nzoe viewer b-secret", /line 2: the name is there twice/],
    ["zoe viewer a-secret\nbob viewer a-secret", /line 2: the token is there twice/],
  ] as const) {
    const refused = serve({ admin, files: { TOKENS: content } });
    await expect(refused).rejects.toMatchObject({ code: "BW_TOKEN_FILE" });
    await expect(refused).rejects.toThrow(problem);
    await expect(refused).rejects.not.toThrow(/secret/);
  }
  const { call, file, problems } = await serve({ admin, files: { TOKENS: `vera viewer ${TOKENS.viewer}` } });
  await writeFile(file("TOKENS"), "nonsense");
  await expect
    .poll(async () => {
      await call("/session", { as: "viewer" });
      return problems.length;
    }, POLL)
    .toBe(1);
  expect(await call("/session", { as: "viewer" })).toMatchObject({ status: 200 });
  await writeFile(file("TOKENS"), `vera admin ${TOKENS.viewer}\n`);
  const roleNow = async () => (await call("/session", { as: "viewer" })).body.role;
  await expect.poll(roleNow, POLL).toBe("admin");
  expect(await readFile(file("TOKENS"), "utf8")).toContain("vera");
});

test("a job with 100,000 rows of history is read page by page", { timeout: 60_000 }, async ({
  serve,
  connect,
  keys,
}) => {
  const { call } = await serve();
  const redis = await connect("plain");
  const fields = ["outcome", "launched", "kind", "scheduled", "term", "1", "lateMs", "0"];
  for (let from = 0; from < 100_000; from += 10_000) {
    const batch = redis.pipeline();
    for (let i = from; i < from + 10_000; i++) {
      batch.xadd(
        keys.history("report"),
        `${i + 1}-0`,
        "tick",
        String(i * 1_000),
        ...fields,
        "run",
        `report@${i}`,
      );
    }
    await batch.exec();
  }
  const first = await call("/jobs/report/ticks?limit=1000", { as: "viewer" });
  expect(first.body.items).toHaveLength(1_000);
  const next = await call(`/jobs/report/ticks?limit=1000&cursor=${first.body.next}`, { as: "viewer" });
  expect(next.body.items).toHaveLength(1_000);
  expect(next.body.items[0].tick < first.body.items.at(-1).tick).toBe(true);
  for (const route of ["/jobs", "/jobs/report", "/timeline", "/status"]) {
    expect(await call(route, { as: "viewer" })).toMatchObject({ status: 200 });
  }
});
