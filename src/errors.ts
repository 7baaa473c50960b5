/**
 * Every error that Bellwether throws on purpose, in one table: a stable code, its fields, and the message
 * that is built from them. A message says where, what was found, what was expected, and what to change.
 */
const MESSAGES = {
  BW_CONFIG_INVALID: (f: { mistakes: readonly string[] }) => f.mistakes.join("\n"),
} satisfies Record<string, (fields: never) => string>;

export type ErrorCode = keyof typeof MESSAGES;
export type ErrorFields<C extends ErrorCode> = Parameters<(typeof MESSAGES)[C]>[0];

export class BellwetherError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "BellwetherError";
  readonly code: C;
  readonly fields: ErrorFields<C>;

  constructor(code: C, fields: ErrorFields<C>, options?: { cause?: unknown }) {
    const render = MESSAGES[code] as (fields: ErrorFields<C>) => string;
    super(render(fields), options);
    this.code = code;
    this.fields = fields;
  }
}

/** True when `error` is a Bellwether error, or one with the given code. */
export function isBellwetherError<C extends ErrorCode>(error: unknown, code?: C): error is BellwetherError<C> {
  return error instanceof BellwetherError && (code === undefined || error.code === code);
}
