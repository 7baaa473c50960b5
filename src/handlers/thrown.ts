import { types } from "node:util";

/** What can be read of a value that foreign code threw. */
export interface Thrown {
  readonly isError: boolean;
  readonly name: string;
  readonly message: string;
  /** Null where there is none, or where it cannot be read. */
  readonly stack: string | null;
}

const UNREADABLE = "an error whose message cannot be read";

/**
 * Reads a thrown value. Its getters, its `toString` and the traps of a Proxy are foreign code and may throw; what they
 * keep from being read is left out. Never throws.
 */
export function readThrown(thrown: unknown): Thrown {
  if (!isError(thrown)) return { isError: false, name: "", message: display(thrown), stack: null };
  const name = attempt(() => String(thrown.name ?? "Error")) ?? "Error";
  const message = attempt(() => String(thrown.message ?? "")) ?? UNREADABLE;
  // Last: the first reading of a stack reads name and message as well.
  const stack = attempt(() => thrown.stack);
  return {
    isError: true,
    name,
    message,
    stack: typeof stack === "string" ? stack : null,
  };
}

/** The result of foreign code, or null where it throws. */
export function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function isError(thrown: unknown): thrown is Error {
  return types.isNativeError(thrown) || (attempt(() => thrown instanceof Error) ?? false);
}

/** `undefined`, `"text"`, `{"a":1}`: what was thrown, however odd it is. */
function display(value: unknown): string {
  return (
    attempt(() => JSON.stringify(value) ?? String(value)) ??
    attempt(() => Object.prototype.toString.call(value)) ??
    (types.isProxy(value) ? "a Proxy that cannot be read" : "a value that cannot be read")
  );
}
