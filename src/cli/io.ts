import { codeOf, type ErrorCode, isBellwetherError } from "../errors.ts";

/** Where a command reads and writes; tests hand in their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
  /** What is printed is on a terminal. */
  readonly isTerminal?: boolean;
  /**
   * Aborts when what read the output has closed it, as `head` does, or when it cannot be written. For commands that go on
   * until they are stopped.
   */
  readonly unread?: AbortSignal;
  /**
   * From now on output that cannot be written is dropped, and is no failure of the command: a replica goes on without.
   * With `untilClosed` that ends when the reader has closed the output, which `unread` says.
   */
  goOnWithoutOutput?(options?: { readonly untilClosed: boolean }): void;
}

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** A failure that the user can read: one message to stderr, and this exit code. */
export class CliFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The exit code of a command that ends with this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliFailure) return error.exitCode;
  return USAGE_CODES.some(code => isBellwetherError(error, code)) ? EXIT.usage : EXIT.failed;
}

const USAGE_CODES: readonly ErrorCode[] = [
  "BW_USAGE",
  "BW_PACKAGE_UNFIT",
  "BW_CONFIG_INVALID",
  "BW_HANDLERS_INVALID",
  "BW_ARGUMENT_INVALID",
  "BW_DATA_INVALID",
  "BW_JOB_UNKNOWN",
];

/** Why a file that the user named cannot be read. */
export function whyUnreadable(error: unknown): string {
  const code = codeOf(error) ?? String(error);
  return UNREADABLE.get(code) ?? code;
}

const UNREADABLE: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EISDIR", "it is a folder, expected a file"],
  ["EACCES", "it may not be read"],
]);
