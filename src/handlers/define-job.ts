import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { z } from "zod";
import type { Run } from "./handler.ts";
import type { HANDLER_KINDS } from "./handler-kinds.ts";

/** One value, or a list of them. */
export type OneOrMany<T> = T | readonly T[];

/** How long finished runs stay in BullMQ. */
export interface RetentionOptions {
  readonly age?: string;
  readonly count?: number;
}

/** A job's schedule and policies, as in a jobs file: docs/configuration.md. Durations are texts such as `30s`. */
export interface JobOptions {
  /** Of `cron`, `every` and `at` a job has exactly one. */
  readonly cron?: OneOrMany<string>;
  readonly every?: string;
  readonly at?: OneOrMany<string | Date>;
  readonly timezone?: string;
  readonly start?: string | Date;
  readonly end?: string | Date;
  readonly except?: OneOrMany<string | { readonly calendar: string }>;
  readonly dst?: { readonly gap?: "run" | "skip"; readonly overlap?: "first" | "both" };
  readonly jitter?: string;
  readonly maxRuns?: number;
  readonly catchUp?: "none" | "latest" | "all";
  readonly catchUpWindow?: string;
  readonly catchUpLimit?: number;
  readonly overlap?: "allow" | "skip" | "queue";
  readonly queue?: string;
  readonly retry?: {
    readonly attempts?: number;
    readonly backoff?: "exponential" | "fixed";
    readonly delay?: string;
    readonly jitter?: number;
  };
  readonly priority?: number;
  readonly lifo?: boolean;
  readonly retention?: { readonly completed?: RetentionOptions; readonly failed?: RetentionOptions };
  readonly timeout?: string;
}

/** A job in code: `defineJob` types its data. */
export interface JobInCode extends JobOptions {
  /** Given to the function as it is, or as the schema returns it. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Of the data; any library that follows Standard Schema. Must answer immediately. */
  readonly schema?: StandardSchemaV1;
  /** Does a run's work, as a handler does. A method, so that a function may say which data it expects. */
  run(data: Record<string, unknown>, run: Run): unknown;
}

/** What a handler's key has in a jobs file: docs/handlers.md. */
type Written<Kind extends keyof typeof HANDLER_KINDS> = z.input<(typeof HANDLER_KINDS)[Kind]["schema"]>;

/** A job in code without a function. It has one of the handlers of a jobs file, or none where its queue has `consume: false`. */
export interface JobWithoutFunction extends JobOptions {
  /** Given to the handler as it is. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly handler?: Written<"module">;
  readonly command?: Written<"command">;
  readonly http?: Written<"http">;
  readonly run?: never;
  readonly schema?: never;
}

/** The data of a job in code, and what its schema makes of it. */
export type DataOf<S extends StandardSchemaV1> = {
  readonly schema: S;
  readonly data?: StandardSchemaV1.InferInput<S>;
  readonly run: (data: StandardSchemaV1.InferOutput<S>, run: Run) => unknown;
};

/**
 * A job in code whose function knows the type of its data: from the schema, or else from `data`.
 *
 *     defineJob({
 *       cron: "0 2 * * *",
 *       schema: z.object({ format: z.enum(["csv", "pdf"]) }),
 *       data: { format: "csv" },
 *       run: async (data, run) => { … },
 *     });
 */
export function defineJob<S extends StandardSchemaV1>(job: JobOptions & DataOf<S>): JobInCode;
export function defineJob(job: JobWithoutFunction): JobWithoutFunction;
export function defineJob<Data extends object = Record<string, unknown>>(
  job: JobOptions & {
    readonly schema?: never;
    readonly data?: Data;
    readonly run: (data: Data, run: Run) => unknown;
  },
): JobInCode;
export function defineJob(job: object): object {
  return job;
}
