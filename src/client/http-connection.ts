import { z } from "zod";
import { sleep } from "../clock/sleep.ts";
import {
  BellwetherError,
  codeOf,
  ERROR_CODES,
  type ErrorCode,
  type ErrorFields,
  isBellwetherError,
  messageOf,
} from "../errors.ts";
import { newRequestId } from "../launch/requests.ts";
import type { AnswerShape } from "./answer-shapes.ts";

export interface HttpPlace {
  /** The dashboard's address, with its base path. */
  readonly url: string;
  /** Undefined where the API needs none. */
  readonly token?: string | undefined;
}

/** Reading is fast. What acts on 1,000 jobs, or waits for the next leader, takes longer. */
const LIMIT_MS = { GET: 15_000, POST: 60_000 };
const ATTEMPTS = 3;
const PAUSE_MS = 500;
/** A replica that died while it carried a request out blocks it for a minute (admin/idempotency.ts). */
const RUNNING_LIMIT_MS = 70_000;
/** What a proxy answers while its replica is away. */
const PROXY_FAILURES = [502, 503, 504];

interface Sent {
  readonly method: keyof typeof LIMIT_MS;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const problem = z.looseObject({ code: z.enum(ERROR_CODES), detail: z.string() });

/**
 * Requests to the HTTP API. An answer that is lost is asked for again; a request that acts has an Idempotency-Key, so that it
 * is carried out once. Each call names the shape of its answer: what another program says is no answer, and nothing was done.
 */
export class HttpConnection {
  readonly #place: HttpPlace;
  readonly #base: string;

  constructor(place: HttpPlace) {
    this.#place = place;
    this.#base = `${/^.*[^/]/s.exec(place.url)?.[0] ?? ""}/api/v1`;
  }

  /** Throws BW_API_FAILED, and what the API answers. */
  get<T>(
    path: string,
    shape: AnswerShape,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<T> {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) search.set(key, String(value));
    }
    return this.#send<T>(search.size === 0 ? path : `${path}?${search}`, shape, { method: "GET" });
  }

  /** Acts. Throws BW_API_FAILED, and what the API answers. */
  post<T>(path: string, shape: AnswerShape, body: object = {}): Promise<T> {
    const headers = { "idempotency-key": newRequestId(), "content-type": "application/json" };
    return this.#send<T>(path, shape, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #send<T>(path: string, shape: AnswerShape, sent: Sent): Promise<T> {
    const startedMs = performance.now();
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(path, shape, sent);
      switch (outcome.is) {
        case "answer":
          return outcome.value as T;
        case "refusal": {
          const isOurs = attempt > 1 && isBellwetherError(outcome.error, "BW_REQUEST_RUNNING");
          if (!isOurs || performance.now() - startedMs > RUNNING_LIMIT_MS) throw outcome.error;
          break;
        }
        case "loss":
          if (attempt >= ATTEMPTS || !outcome.isRepeatable) throw this.#failure(outcome.why);
      }
      await sleep(Math.min(attempt, ATTEMPTS) * PAUSE_MS);
    }
  }

  async #attempt(path: string, shape: AnswerShape, { method, ...sent }: Sent): Promise<Outcome> {
    const { token } = this.#place;
    const headers = { ...sent.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const limitMs = LIMIT_MS[method];
    try {
      const signal = AbortSignal.timeout(limitMs);
      const about = { ...sent, method, headers, signal, redirect: "error" } as const;
      const response = await fetch(`${this.#base}${path}`, about);
      return outcomeOf(response, await response.text(), shape, method);
    } catch (error) {
      const isSilent = error instanceof Error && error.name === "TimeoutError";
      const why = isSilent ? `it was silent for ${limitMs / 1_000} s` : causeOf(error);
      const isNotSent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"].includes(codeOf(rootOf(error)) ?? "");
      return { is: "loss", isRepeatable: !isSilent, why: isNotSent ? why : lossOf(method, why) };
    }
  }

  #failure(why: string): BellwetherError {
    return new BellwetherError("BW_API_FAILED", { url: this.#place.url, why });
  }
}

type Outcome =
  | { readonly is: "answer"; readonly value: unknown }
  /** The API says why not. */
  | { readonly is: "refusal"; readonly error: BellwetherError }
  /** There is no answer, or another program's. */
  | { readonly is: "loss"; readonly isRepeatable: boolean; readonly why: string };

function outcomeOf(
  { ok, status }: Response,
  text: string,
  shape: AnswerShape,
  method: keyof typeof LIMIT_MS,
): Outcome {
  const body = parseJson(text);
  if (ok && shape.safeParse(body).success) return { is: "answer", value: body };
  const parsed = problem.safeParse(body);
  if (!ok && parsed.success) return { is: "refusal", error: errorOf(parsed.data) };
  const why = `it answered ${status}, and not as the API does`;
  const isRepeatable = PROXY_FAILURES.includes(status);
  return { is: "loss", isRepeatable, why: isRepeatable ? lossOf(method, why) : why };
}

function lossOf(method: keyof typeof LIMIT_MS, why: string): string {
  if (method === "GET") return why;
  return `${why}; whether the command was carried out is unknown, \`bellwether audit\` shows it`;
}

/** As the function of the client throws it. */
function errorOf({ code, detail, ...fields }: z.output<typeof problem>): BellwetherError {
  const error = new BellwetherError(code, fields as unknown as ErrorFields<ErrorCode>);
  error.message = detail;
  return error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What fetch says about itself is always the same. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function causeOf(error: unknown): string {
  const root = rootOf(error);
  if (codeOf(root) === "ERR_SSL_WRONG_VERSION_NUMBER")
    return "it does not speak TLS (http:// instead of https://?)";
  return (messageOf(root) || (codeOf(root) ?? "no reason given")).trim();
}
