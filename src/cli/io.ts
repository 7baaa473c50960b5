/** Where a command reads and writes; tests hand in their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
}

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

export const processIo: Io = {
  env: process.env,
  cwd: process.cwd(),
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
};

/** A failure that the user can read: one message to stderr, and this exit code. */
export class CliFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
