/** What does a run's work. */
export type HandlerRef = ModuleRef | CommandRef | HttpRef;

export interface ModuleRef {
  readonly kind: "module";
  /** Below the jobs directory, without its extension. */
  readonly path: string;
}

export interface CommandRef {
  readonly kind: "command";
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[];
  /** Where it runs; null for the working folder of the replica. */
  readonly cwd: string | null;
  /** Added to the replica's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What it reads; null for the run's data as JSON. */
  readonly stdin: string | null;
}

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
