import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quote } from "../../../src/config/document/describe.ts";
import { maskUrl, maskUrls } from "../../../src/config/mask-url.ts";

describe("an address for people", () => {
  it.each([
    ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379"],
    ["rediss://db.internal:6380/3", "rediss://db.internal:6380/3"],
    ["redis://[::1]:6379/0?family=6", "redis://[::1]:6379/0?family=6"],
    ["redis://ops:secret@host:6379/0", "redis://ops:***@host:6379/0"],
    ["redis://:secret@host", "redis://:***@host"],
    ["redis://secret@host", "redis://***@host"],
    ["redis://secret:@host", "redis://***@host"],
    ["redis://host?db=2&password=secret", "redis://host?db=2&password=***"],
    ["redis://host?password=1234", "redis://host?password=***"],
    ["redis://host?secret", "redis://host?***"],
    ["redis://host/secret", "redis://host/***"],
    ["redis://host/0#secret", "redis://host/0#***"],
    ["redis://ops:se#cret@host", "redis://***"],
    ["redis://ops:se/cret@host", "redis://***"],
    ["redis://ops:se?cret@host", "redis://***"],
    ["redis://ops:se@cret@host", "redis://ops:***@host"],
    ["redis://ops:secret", "redis://***"],
    ["redis:ops:secret@host", "***"],
    ["not an address with secret", "***"],
    ["", ""],
  ])("%s is %s", (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });

  it("stays readable within a sentence", () => {
    expect(maskUrls("cannot reach redis://ops:secret@host:6379/0: ECONNREFUSED, or ops:secret@host")).toBe(
      "cannot reach redis://ops:***@host:6379/0: ECONNREFUSED, or ***@host",
    );
    expect(maskUrls("cannot reach redis//ops:secret@host:6379")).toBe("cannot reach ***@host:6379");
    expect(maskUrls(`at "redis://ops:se"cret@host:6379" today`)).toBe(`at "redis://***" today`);
    expect(maskUrls(`{"url":"redis://host:6379/0","by":"ann"}`)).toBe(
      `{"url":"redis://host:6379/0","by":"ann"}`,
    );
    expect(maskUrls("ERR max number of clients reached: 10:30, a@b")).toBe(
      "ERR max number of clients reached: 10:30, a@b",
    );
  });
});

/** What a password may hold between two parts by which a leak is found. */
const secret = fc
  .string({ unit: fc.constantFrom(..."abz059:/?#@%&=+.,;!$*()[]{}|\\^~_-".split("")), maxLength: 12 })
  .map(middle => `Hunter2${middle}Zx9Word`);
const scheme = fc.constantFrom("redis", "rediss", "REDIS", "http", "https", "redis+sentinel", "etcd");
const name = fc.constantFrom(
  "password",
  "passwd",
  "PASSWORD",
  "pass",
  "token",
  "secret",
  "key",
  "auth",
  "apikey",
  "x",
);

/** Every place of an address that can hold a secret, as written and percent-encoded, well-formed or not. */
const places: readonly ((secret: string, scheme: string, name: string) => string)[] = [
  (s, scheme) => `${scheme}://ops:${s}@host:6379/0`,
  (s, scheme) => `${scheme}://:${s}@host:6379`,
  // With a colon the part before it would be a user's name.
  (s, scheme) => `${scheme}://${s.replaceAll(":", "")}@host`,
  (s, scheme) => `${scheme}://ops:${s}@[::1]:6379/0?db=1`,
  (s, scheme) => `${scheme}://ops:${s}@a:1,b:2,c:3/0`,
  (s, scheme, name) => `${scheme}://host:6379/0?${name}=${s}`,
  (s, scheme, name) => `${scheme}://host?db=0&${name}=${s}&family=4`,
  (s, scheme) => `${scheme}://host?${s}`,
  (s, scheme) => `${scheme}://host/0#${s}`,
  (s, scheme) => `${scheme}://host/hooks/${s}`,
  (s, scheme, name) => `${scheme}://host:port/0?${name}=${s}`,
  (s, scheme, name) => `${scheme}://ho st/0?${name}=${s}`.replace(" ", "%zz"),
  (s, scheme) => `${scheme}://ops:${s}@host:99999/0`,
  (s, scheme) => `${scheme}://ops:${s}@`,
  (s, scheme) => `${scheme}://${s.replaceAll(":", "")}:@host:6379`,
  (s, scheme) => `${scheme}//ops:${s}@host:6379`,
];

it("shows no part of a secret, wherever an address holds it", () => {
  fc.assert(
    fc.property(
      secret,
      scheme,
      name,
      fc.constantFrom(...places),
      fc.boolean(),
      (raw, scheme, name, place, isEncoded) => {
        const url = place(isEncoded ? encodeURIComponent(raw) : raw, scheme, name);
        for (const shown of [maskUrl(url), maskUrls(`error at ${url} today`), maskUrls(url)])
          expect(shown, url).not.toMatch(/Hunter2|Zx9Word/);
      },
    ),
    { numRuns: 2_000 },
  );
});

it("shows no part of a password that has a character which ends addresses in a text", () => {
  fc.assert(
    fc.property(secret, scheme, fc.constantFrom(..."\"'`<>"), (raw, scheme, quote) => {
      const url = `${scheme}://ops:Hunter2${quote}${raw}@host:6379/0`;
      for (const shown of [maskUrl(url), maskUrls(`error at ${url} today`), maskUrls(url)])
        expect(shown, url).not.toMatch(/Hunter2|Zx9Word/);
    }),
  );
});

it("shows no password of a mistaken address in a message about the configuration", () => {
  fc.assert(
    fc.property(secret, scheme, fc.constantFrom(...places.slice(0, 8)), (raw, scheme, place) => {
      expect(quote(place(raw, scheme, "password"))).not.toMatch(/Hunter2|Zx9Word/);
    }),
  );
});
