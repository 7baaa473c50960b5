import type { z } from "zod";
import type { CodeHandlers } from "./code-handlers.ts";
import type { Handler } from "./handler.ts";

/** A handler that is ready to be called, or why there is none: what was found, and what to do. */
export type LoadedHandler = { readonly handler: Handler } | { readonly problem: string };

export interface HandlerSurroundings {
  /** Absolute. */
  readonly jobsDir: string;
  /** How long a module's top level may take. */
  readonly importLimitMs: number;
  /** Of the jobs in code, by name. */
  readonly functions: CodeHandlers;
}

/**
 * A way to say what does a run's work: all that other code knows of it. The definitions are loaded with every
 * configuration, also by commands that call no handler, so `load` imports what runs the handler.
 */
export interface HandlerKind<Ref = unknown> {
  /** The key in a job. */
  readonly key: string;
  /** Reads the key in a job as the reference that the job carries, which is part of the hash of the configuration. */
  readonly schema: z.ZodType<Ref>;
  /** Only a job in code can have it: there is no such key in a file. */
  readonly isCode?: boolean;
  /** Of the key, for JSON Schema and docs/configuration.md. */
  readonly description: string;
  /** What jobs may not have any more when `handlers` switches the kind off: `a command`. Absent where it cannot. */
  readonly switchedOff?: string;
  /** The keys within the value whose contents no message shows. */
  readonly secrets: readonly string[];
  /** Where the value names what `load` searches for: `[]` is the value itself. */
  readonly names: readonly (readonly (string | number)[])[];
  /** What does the work, for people: arguments and paths of addresses may hold secrets, and are left out. */
  describe(ref: Ref): string;
  /** Finds and checks the handler. Never rejects. */
  load(ref: Ref, surroundings: HandlerSurroundings): Promise<LoadedHandler>;
}
