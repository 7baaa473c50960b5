import { messageOf } from "../errors.ts";

/** What makes a calendar's file unusable; its message goes to the user. */
export class IcsError extends Error {
  /** What went wrong, at a line unless it names one itself. */
  static at(line: number | null, error: unknown): IcsError {
    if (error instanceof IcsError && error.line !== null) return error;
    return new IcsError(messageOf(error), line);
  }

  /** Where it is, when one line is to blame. */
  readonly line: number | null;

  constructor(message: string, line: number | null = null) {
    super(message);
    this.line = line;
  }
}
