import { z } from "zod";
import { choice, oneOrMany, section, text, url, whole } from "../../config/schemas/fields.ts";
import type { HandlerKind } from "../handler-kind.ts";
import type { HttpRef } from "../http-handler.ts";

const METHODS = ["POST", "GET", "PUT", "PATCH", "DELETE"] as const;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const request = section({
  url: url(["http", "https"], "https://example.com/hooks/nightly")
    .refine(value => !hasCredentials(value), {
      error: "credentials do not belong into an address: put them into headers, as Authorization",
    })
    .meta({ description: "The address that is called." }),
  method: choice(METHODS).exactOptional().meta({ default: "POST", description: "The method." }),
  headers: z
    .record(text("the name of a header", HEADER_NAME), text("a text on one line", HEADER_VALUE), {
      error: "expected a mapping (Name: value)",
    })
    .exactOptional()
    .meta({ description: "Added to the request; take secrets from the environment." }),
  body: z.unknown().exactOptional().meta({
    description: "A text is sent as it is, anything else as JSON; the run's data with its tick when absent.",
  }),
  expect: oneOrMany(whole(100, 599), "a status like 200, or a list of them")
    .exactOptional()
    .meta({ description: "The statuses that mean success; 200 to 299 when absent." }),
}).refine(({ method, body }) => method !== "GET" || body === undefined, {
  error: "a GET request has no body: leave body out, or use another method",
});

function hasCredentials(value: string): boolean {
  const address = URL.parse(value);
  return address !== null && (address.username !== "" || address.password !== "");
}

/** A request. */
export const httpKind = {
  key: "http",
  schema: request.transform(({ url, method = "POST", headers = {}, body, expect = null }): HttpRef => {
    return { kind: "http", url, method, headers, body, expect };
  }),
  description: "Instead of handler: a request that does the work.",
  switchedOff: "an http request",
  secrets: ["url", "headers"],
  names: [[]],
  describe: ({ method, url }) => `${method} ${new URL(url).origin}/…`,
  load: async ref => ({ handler: new (await import("../http-handler.ts")).HttpHandler(ref) }),
} as const satisfies HandlerKind<HttpRef>;
