import { STATUS_CODES } from "node:http";
import type { FastifyError, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { BellwetherError, type ErrorCode, isBellwetherError } from "../errors.ts";

/** RFC 9457, with the code of docs/errors.md. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly [field: string]: unknown;
}

export const BODY_LIMIT_BYTES = 64 * 1024;
const PROBLEM_TYPE = "application/problem+json";

/** What a client can do about it decides. Every other code is a failure of the server (500). */
const STATUS_OF: Readonly<Partial<Record<ErrorCode, number>>> = {
  BW_REQUEST_INVALID: 400,
  BW_ARGUMENT_INVALID: 400,
  BW_UNAUTHENTICATED: 401,
  BW_FORBIDDEN: 403,
  BW_CROSS_SITE: 403,
  BW_NOT_FOUND: 404,
  BW_BOARD_MISSING: 404,
  BW_JOB_UNKNOWN: 404,
  BW_RUN_UNKNOWN: 404,
  BW_METHOD_REFUSED: 405,
  BW_NO_TICK: 409,
  BW_NO_SKIP: 409,
  BW_NO_LEADER: 409,
  BW_RUN_UNFINISHED: 409,
  BW_RUN_NOT_FAILED: 409,
  BW_RUN_NOT_WAITING: 409,
  BW_REQUEST_RUNNING: 409,
  BW_CONFIG_NEEDED: 409,
  BW_BACKFILL_UNDECIDED: 409,
  BW_REQUEST_TOO_LARGE: 413,
  BW_REQUEST_REUSED: 422,
  BW_DATA_INVALID: 422,
  BW_BACKFILL_EMPTY: 422,
  BW_BACKFILL_TOO_MANY: 422,
  BW_BACKFILL_OVERLAP: 422,
  BW_TOO_MANY_REQUESTS: 429,
  BW_TRIGGER_REFUSED: 503,
  BW_BACKFILL_REFUSED: 503,
  BW_RUN_REFUSED: 503,
  BW_REDIS_UNREACHABLE: 503,
  BW_REDIS_LOST: 503,
  BW_COMMAND_REFUSED: 503,
  BW_CLIENT_CLOSED: 503,
};

/** A client gets the fields of an error that it can do something about; their lists are cut to this. */
const MAX_ITEMS = 20;
const RETRY_LATER_S = 5;

/** Answers with the error. What is no error of ours says nothing about itself. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const known = ownErrorOf(error, reply.request.routeOptions.bodyLimit);
  const status = STATUS_OF[known.code] ?? 500;
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="bellwether"');
  if (status === 503) reply.header("retry-after", RETRY_LATER_S);
  if (isBellwetherError(known, "BW_TOO_MANY_REQUESTS")) {
    reply.header("retry-after", Math.ceil(known.fields.waitMs / 1000));
  }
  reply.removeHeader("etag");
  return reply.code(status).type(PROBLEM_TYPE).send(problemText(known, status));
}

/** The error as the body of an answer. */
export function problemText(error: BellwetherError, status: number): string {
  return JSON.stringify(problemOf(error, status));
}

function problemOf(error: BellwetherError, status: number): Problem {
  const title = STATUS_CODES[status] ?? "Error";
  const type = `urn:bellwether:error:${error.code}`;
  const about = { type, title, status, code: error.code };
  if (status === 500) return { ...about, detail: "no answer could be made; the replica's log says why" };
  return { ...shortened(error.fields), ...about, detail: detailOf(error) };
}

/** Ten thousand names of jobs are no help. */
function detailOf(error: BellwetherError): string {
  if (!isBellwetherError(error, "BW_JOB_UNKNOWN")) return error.message;
  const { job, guess, jobs } = error.fields;
  return new BellwetherError("BW_JOB_UNKNOWN", { job, guess, jobs: jobs.slice(0, MAX_ITEMS) }).message;
}

function shortened(fields: object): Record<string, unknown> {
  const short = Object.entries(fields).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.slice(0, MAX_ITEMS) : value,
  ]);
  return Object.fromEntries(short);
}

function ownErrorOf(error: unknown, limitBytes: number): BellwetherError {
  if (isBellwetherError(error)) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(({ instancePath, message }) => {
      const place = `${error.validationContext ?? "request"}${instancePath}`;
      return `${place}: ${message ?? "it is not valid"}`;
    });
    return new BellwetherError("BW_REQUEST_INVALID", { problems });
  }
  const { statusCode, message } = error as Partial<FastifyError>;
  if (statusCode === 413) return new BellwetherError("BW_REQUEST_TOO_LARGE", { limitBytes });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new BellwetherError("BW_REQUEST_INVALID", { problems: [message ?? "it cannot be read"] });
  }
  return new BellwetherError("BW_BUG", { rule: "every failure of a request has a code" }, { cause: error });
}
