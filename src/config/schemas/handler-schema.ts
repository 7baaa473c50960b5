import { z } from "zod";
import type { HandlerRef } from "../handler-ref.ts";
import { choice, list, oneOrMany, section, text, url, whole } from "./fields.ts";

/** No way out of the jobs directory: relative, no `..`, no backslash. */
const MODULE_PATH = /^(?:\.\/)?(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.@-]+\/)*(?!\.{1,2}$)[A-Za-z0-9_.@-]+$/;
/** The system's calls end a text at NUL. */
const NO_NUL = /^[^\0]*$/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export const HTTP_METHODS = ["POST", "GET", "PUT", "PATCH", "DELETE"] as const;

const ARGV = 'a program and its arguments, like ["pg_dump", "--format=c"] (for a shell: ["sh", "-c", "…"])';

const argv = list(text("a text (in quotes, if YAML takes it for a number)", NO_NUL), ARGV).refine(
  ([program]) => program !== "",
  { error: "expected a program first, not an empty text" },
);

const command = z.union(
  [
    argv,
    section({
      argv: argv.meta({ description: "The program and its arguments; no shell reads them." }),
      cwd: text("the path of a folder")
        .exactOptional()
        .meta({ description: "Where it runs; the replica's working folder when absent." }),
      env: z
        .record(
          text("a name of letters, digits and _", /^[A-Za-z_][A-Za-z0-9_]*$/),
          text("a text (in quotes, if YAML takes it for a number)", NO_NUL),
          { error: "expected a mapping (NAME: value)" },
        )
        .exactOptional()
        .meta({ description: "Environment variables, added to those of the replica." }),
      stdin: z
        .string({ error: "expected a text" })
        .exactOptional()
        .meta({ description: "What the command reads; the run's data as JSON when absent." }),
    }),
  ],
  { error: `expected ${ARGV}` },
);

const http = section({
  url: url(["http", "https"], "https://example.com/hooks/nightly")
    .refine(value => !hasCredentials(value), {
      error: "credentials do not belong into an address: put them into headers, as Authorization",
    })
    .meta({ description: "The address that is called." }),
  method: choice(HTTP_METHODS).exactOptional().meta({ default: "POST", description: "The method." }),
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

/** The keys of which a job has exactly one. */
export const HANDLER_KINDS = ["handler", "command", "http"] as const;

export const handlerShape = {
  handler: text("the path of a module below the jobs directory, like reports/nightly", MODULE_PATH)
    .exactOptional()
    .meta({ description: "The module that does the work: its path below the jobs directory." }),
  command: command
    .exactOptional()
    .meta({ description: "Instead of handler: a program that does the work, run as a child process." }),
  http: http.exactOptional().meta({ description: "Instead of handler: a request that does the work." }),
};

export type HandlerDefinition = Partial<z.output<z.ZodObject<typeof handlerShape>>>;

/** The handler that the job names, or null when it names none. */
export function handlerRef({ handler, command, http }: HandlerDefinition): HandlerRef | null {
  if (handler !== undefined)
    return { kind: "module", path: handler.replace(/^\.\//, "").replace(/\.(ts|js|mjs)$/, "") };
  if (command !== undefined) {
    const { argv, cwd = null, env = {}, stdin = null } = Array.isArray(command) ? { argv: command } : command;
    return { kind: "command", argv, cwd, env, stdin };
  }
  if (http === undefined) return null;
  const { url, method = "POST", headers = {}, body, expect = null } = http;
  return { kind: "http", url, method, headers, body, expect };
}
