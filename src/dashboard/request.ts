import { api, type Parameters } from "./place.ts";

/** What the API answers where it refuses: RFC 9457, with a code of docs/errors.md. */
export class RefusedError extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, code: string | null, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let csrf: string | null = null;

/** The token that each request that changes something has to carry. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

/** Throws RefusedError; TypeError when there is no answer. */
export function get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  return answerOf(
    fetch(api(path, parameters), { headers: { accept: "application/json" }, signal: signal ?? null }),
  );
}

/** `key` makes the request idempotent: given again with it, nothing happens twice. */
export function send<T>(method: "POST" | "DELETE", path: string, body?: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (csrf !== null) headers["x-csrf-token"] = csrf;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key !== undefined) headers["idempotency-key"] = key;
  return answerOf(
    fetch(api(path), { method, headers, body: body === undefined ? null : JSON.stringify(body) }),
  );
}

async function answerOf<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked;
  const text = await response.text();
  if (response.ok) return (text === "" ? null : JSON.parse(text)) as T;
  const problem = problemOf(text);
  throw new RefusedError(
    response.status,
    problem.code ?? null,
    problem.detail ?? problem.title ?? `The server answered ${response.status}.`,
  );
}

function problemOf(text: string): { code?: string; detail?: string; title?: string } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    // A proxy in between answers as it likes.
    return {};
  }
}

/** What a failure of `get` and `send` says to people. */
export function messageOf(error: unknown): string {
  if (error instanceof RefusedError) return error.message;
  return error instanceof TypeError ? "The server does not answer." : String(error);
}
