import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { describe, expect } from "vitest";
import { TOKENS, test } from "../support/admin.ts";

const BASIC = { authorization: "Basic b2xnYTpwYXNzd29yZA==" };
const PROXY = "proxy: { from: [127.0.0.0/8], roles: { ops: operator, Prüfer: operator, everyone: viewer } }";

/** The status of the answer to these header lines, as they are. */
async function sendLines(url: string, lines: readonly (readonly [string, string])[]): Promise<number> {
  const headers = [...lines, ["Host", new URL(url).host]].flat();
  const request = httpRequest(url, { headers, agent: false });
  request.end();
  const [response] = await once(request, "response");
  response.resume();
  return response.statusCode;
}

describe("a proxy that asks for a password and passes it on", () => {
  test("keeps no one out who has signed in, and makes no one wait", async ({ serve }) => {
    const { call } = await serve();
    const answers = await Promise.all(Array.from({ length: 40 }, () => call("/status", { headers: BASIC })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    const signedIn = await call("/session", { body: { token: TOKENS.operator }, headers: BASIC });
    expect(signedIn).toMatchObject({ status: 200, body: { name: "olga" } });
    const headers = { ...BASIC, cookie: signedIn.cookie ?? "", "x-csrf-token": signedIn.body.csrf };
    expect(await call("/jobs/report/pause", { method: "POST", headers })).toMatchObject({ status: 200 });
    const forged = { ...headers, "x-csrf-token": "x" };
    expect(await call("/jobs/report/pause", { method: "POST", headers: forged })).toMatchObject({
      status: 403,
    });
    expect(await call("/status", { headers: { authorization: "Bearer" } })).toMatchObject({ status: 401 });
  });

  test("names its users beside the password", async ({ serve }) => {
    const { call } = await serve({ admin: PROXY });
    const headers = { ...BASIC, "x-forwarded-user": "ann", "x-forwarded-groups": "ops" };
    expect(await call("/session", { headers })).toMatchObject({ body: { name: "ann", role: "operator" } });
  });
});

test("a session's cookie is for HTTPS alone where the browser came by HTTPS", async ({ serve }) => {
  const { call, origin } = await serve();
  const cookieOf = async (scheme: string) => {
    const headers = { origin: origin.replace("http:", scheme) };
    const { headers: answer } = await call("/session", { body: { token: TOKENS.viewer }, headers });
    return answer.getSetCookie()[0];
  };
  expect(await cookieOf("https:")).toMatch(/; Secure/);
  expect(await cookieOf("http:")).not.toMatch(/; Secure/);
});

describe("what a proxy says", () => {
  const latin1 = (text: string) => Buffer.from(text).toString("latin1");

  test("is UTF-8", async ({ serve }) => {
    const { call } = await serve({ admin: PROXY });
    for (const name of ["Jörg", "Ágnes", "王小明", "Владимир"]) {
      const headers = { "x-forwarded-user": latin1(name), "x-forwarded-groups": latin1("x, Prüfer") };
      expect(await call("/session", { headers })).toMatchObject({ body: { name, role: "operator" } });
    }
    const headers = { "x-forwarded-user": "J\xf6rg", "x-forwarded-groups": "everyone" };
    expect(await call("/session", { headers })).toMatchObject({ body: { name: "Jörg" } });
  });

  test("is of a client, perhaps, where a header comes twice", async ({ serve }) => {
    const { origin } = await serve({ admin: PROXY });
    const statusOf = (lines: readonly (readonly [string, string])[]) =>
      sendLines(`${origin}/api/v1/session`, lines);
    const [user, ops] = [["X-Forwarded-User", "ann"] as const, ["X-Forwarded-Groups", "ops"] as const];
    expect(await statusOf([user, ops])).toBe(200);
    expect(await statusOf([["x-forwarded-user", "eve"], user, ops])).toBe(401);
    expect(await statusOf([user, ["x-forwarded-groups", "everyone"], ops])).toBe(401);
  });

  test("is no address, and then it is not in the audit", async ({ serve }) => {
    const { call } = await serve({ admin: PROXY });
    const user = { "x-forwarded-user": "ann", "x-forwarded-groups": "ops" };
    for (const [forwarded, address] of [
      ["203.0.113.9", "203.0.113.9"],
      ["evil, 203.0.113.9", "203.0.113.9"],
      ["evil, 203.0.113.9, 127.0.0.2", "203.0.113.9"],
      ["203.0.113.9:4711", "203.0.113.9"],
      ["[2001:db8::1]:4711", "2001:db8::1"],
      ["2001:db8::1", "2001:db8::1"],
      ["x\x9b31m", "127.0.0.1"],
      ["unknown", "127.0.0.1"],
    ] as const) {
      const headers = { ...user, "x-forwarded-for": forwarded };
      await call("/jobs/report/pause", { method: "POST", headers });
      await call("/jobs/report/resume", { method: "POST", headers });
      const { body } = await call("/audit", { headers });
      expect({ forwarded, by: body.items[0].by }).toEqual({ forwarded, by: `ann@${address}` });
    }
  });
});
