import { BellwetherError } from "../errors.ts";
import type { Handler, Run } from "./handler.ts";
import { explainFetchError } from "./http-failure.ts";
import { withoutStack } from "./without-stack.ts";

export interface HttpRef {
  readonly kind: "http";
  readonly url: string;
  readonly method: string;
  /** May hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON; undefined for the run's data with its tick. */
  readonly body: unknown;
  /** The statuses that mean success; null for 200 to 299. */
  readonly expect: readonly number[] | null;
}

/** How much of an answer is looked at, for an error. */
const SHOWN_BODY = 500;
/** Shorter values are no secrets, and might occur in an answer by chance. */
const SECRET_LENGTH = 6;

/**
 * A handler that is a request. The attempt lasts until the answer has ended; its status decides. Redirects are not
 * followed: they would turn a POST into a GET, and take headers with secrets elsewhere.
 */
export class HttpHandler implements Handler {
  readonly #ref: HttpRef;
  /** For messages. The path may be a secret too, as in the address of a chat's webhook. */
  readonly #request: string;

  constructor(ref: HttpRef) {
    this.#ref = ref;
    this.#request = `${ref.method} ${new URL(ref.url).origin}`;
  }

  async handle(data: Record<string, unknown>, run: Run): Promise<{ readonly status: number }> {
    run.signal.throwIfAborted();
    const answer = await this.#call(data, run);
    if (this.#isExpected(answer.status)) return { status: answer.status };
    throw this.#failure(this.#explainStatus(answer));
  }

  async #call(data: Record<string, unknown>, run: Run): Promise<Answer> {
    const { url, method } = this.#ref;
    const headers = this.#headersOf(run);
    const body = method === "GET" ? null : this.#bodyOf(data, run, headers);
    try {
      const response = await fetch(url, { method, headers, body, redirect: "manual", signal: run.signal });
      return {
        status: response.status,
        statusText: response.statusText,
        location: response.headers.get("location"),
        body: await readBeginning(response),
      };
    } catch (error) {
      run.signal.throwIfAborted();
      throw this.#failure(explainFetchError(error), error);
    }
  }

  #headersOf(run: Run): Headers {
    const headers = new Headers({
      "user-agent": "bellwether",
      "bellwether-job": run.job,
      "bellwether-tick": run.tick.toISOString(),
      "bellwether-attempt": String(run.attempt),
    });
    for (const [name, value] of Object.entries(this.#ref.headers)) headers.set(name, value);
    headers.set("idempotency-key", run.id);
    return headers;
  }

  #bodyOf(data: Record<string, unknown>, run: Run, headers: Headers): string {
    const { body } = this.#ref;
    if (typeof body === "string") return body;
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    const tick = { at: run.tick.toISOString(), kind: run.kind, term: run.term };
    return JSON.stringify(body === undefined ? { ...data, _tick: tick } : body);
  }

  #isExpected(status: number): boolean {
    return this.#ref.expect?.includes(status) ?? (status >= 200 && status < 300);
  }

  #explainStatus({ status, statusText, location, body }: Answer): string {
    const found = `answered ${status}${statusText === "" ? "" : ` ${statusText}`}`;
    if (location !== null && status >= 300 && status < 400) {
      const target = URL.parse(location, this.#ref.url)?.origin ?? "another address";
      return `${found}, a redirect to ${target}, and redirects are not followed: write the final address into url`;
    }
    const expected = this.#ref.expect === null ? "" : ` (expected ${this.#ref.expect.join(" or ")})`;
    const text = this.#withoutSecrets(body).replace(/\s+/g, " ").trim();
    return `${found}${expected}${text === "" ? ", without a body" : `: ${clip(text)}`}`;
  }

  /** Some servers send back what they were sent. */
  #withoutSecrets(text: string): string {
    const secrets = Object.values(this.#ref.headers)
      .flatMap(value => [value, ...value.split(/\s+/)])
      .filter(value => value.length >= SECRET_LENGTH);
    return secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
  }

  #failure(why: string, cause?: unknown): BellwetherError {
    return withoutStack(new BellwetherError("BW_HTTP_FAILED", { request: this.#request, why }, { cause }));
  }
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | null;
  /** The beginning. */
  readonly body: string;
}

/** Reads an answer to its end, and keeps the beginning. */
async function readBeginning(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    if (text.length < SHOWN_BODY) text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function clip(text: string): string {
  return text.length <= SHOWN_BODY ? text : `${text.slice(0, SHOWN_BODY)}…`;
}
