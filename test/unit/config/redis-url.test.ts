import { describe, expect, it } from "vitest";
import { parseRedisUrl } from "../../../src/config/schemas/redis-url.ts";

describe("an address of Redis", () => {
  const whole = { host: "host", port: 6379, isTls: false, db: 0, username: null, password: null, family: 0 };
  it.each([
    ["redis://host", whole],
    ["redis://host/", whole],
    ["rediss://host:6380/3", { ...whole, isTls: true, port: 6380, db: 3 }],
    ["redis://", { ...whole, host: "127.0.0.1" }],
    ["redis://[::1]:7000", { ...whole, host: "::1", port: 7000, family: 6 }],
    ["redis://ops:a%23b%2Fc%3Fd%40e%25f@host", { ...whole, username: "ops", password: "a#b/c?d@e%f" }],
    ["redis://:a@b@host", { ...whole, password: "a@b" }],
    ["redis://host?db=20", { ...whole, db: 20 }],
    [
      "redis://host?password=a%26b&username=ops&family=4",
      { ...whole, username: "ops", password: "a&b", family: 4 },
    ],
  ])("%s is read", (text, value) => {
    expect(parseRedisUrl(text)).toEqual({ ok: true, value });
  });

  it.each([
    ["http://host", /^expected an address like redis:/],
    ["host:6379", /^expected an address like redis:/],
    ["redis://host/abc", /a database like \/0/],
    ["redis://host/-1", /a database like \/0/],
    ["redis://host/0x1", /a database like \/0/],
    ["redis://host/1x", /a database like \/0/],
    ["redis://host/01", /a database like \/0/],
    ["redis://host/1.5", /a database like \/0/],
    ["redis://host/%31", /a database like \/0/],
    ["redis://host/1/", /a database like \/0/],
    ["redis://host/99999999999999999999", /a database like \/0/],
    ["redis://host?db=abc", /a database like \/0/],
    ["redis://host/1?db=2", /written once/],
    ["redis://host?db=1&db=2", /parameter db once/],
    ["redis://host?enableOfflineQueue=true", /no other parameters/],
    ["redis://host?autoResendUnfulfilledCommands=1", /no other parameters/],
    ["redis://host?keyPrefix=x", /no other parameters/],
    ["redis://ops:se#cret@host", /# as %23/],
    ["redis://ops:12#34@host", /# as %23/],
    ["redis://host/0#x", /# as %23/],
    ["redis://ops:se/cret@host", /\/ as %2F/],
    ["redis://ops:12/34@host", /\/ as %2F/],
    ["redis://ops:se?cret@host", /\? as %3F/],
    ["redis://ops:100%@host", /% as %25/],
    ["redis://:a@host?password=b", /a password once/],
    ["redis://host:port", /an address like redis:/],
  ])("%s is refused, and not shown", (text, problem) => {
    const parsed = parseRedisUrl(text);
    expect(parsed).toEqual({ ok: false, problem: expect.stringMatching(problem) });
    expect(JSON.stringify(parsed)).not.toMatch(/cret|34|99999/);
  });
});
