import type { Environment } from "./environment.ts";
import type { ReadSecret } from "./secret-files.ts";

/** A configuration file as it was read. */
export interface DocumentSource {
  /** As mistakes show it. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
  /** What `${file:…}` reads; without it every such reference is a mistake. */
  readonly readSecret?: ReadSecret;
  /** Keys to assume where the file does not have them; like written ones they may hold references. */
  readonly absent?: Readonly<Record<string, unknown>>;
}
