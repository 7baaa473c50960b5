import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { BellwetherError } from "../errors.ts";

/** Functions for the scripts of commands: put this file before theirs. */
export const REQUEST_LUA = new URL("./request.lua", import.meta.url);

/** For how long an answer is remembered: longer than any client repeats a request. */
export const REQUEST_KEPT_MS = 24 * 60 * 60_000;

/**
 * One call of an operator. Redis remembers the answer under the id, so a request that is sent again because its answer
 * was lost is not carried out again.
 */
export interface Request {
  /** Unique per call. */
  readonly id: string;
  readonly action: string;
  /** Empty where it is about no single job. */
  readonly job: string;
}

const givenAnswer = z.object({
  action: z.string(),
  job: z.string(),
  outcome: z.string(),
  value: z.string(),
});

export function newRequestId(): string {
  return randomUUID();
}

/** What the key of a request holds. Throws BW_REQUEST_REUSED where the id named another request. */
export function givenAnswerOf(request: Request, stored: string): { outcome: string; value: string } {
  const { action, job, outcome, value } = givenAnswer.parse(JSON.parse(stored));
  if (action !== request.action || job !== request.job) refuseReuse(request, `${action} ${job}`);
  return { outcome, value };
}

export function refuseReuse({ id, action, job }: Request, before: string): never {
  const now = `${action} ${job}`.trim();
  throw new BellwetherError("BW_REQUEST_REUSED", { id, before: before.trim(), now });
}

/** What makes the ids of a request's runs unique, and the same when the request is repeated. */
export function runSuffixOf({ id }: Request): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 12);
}
