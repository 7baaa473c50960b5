import type { Config } from "../config.ts";
import type { LoadResult } from "../load.ts";
import type { JobPage } from "./packed-jobs.ts";

/** What a thread gets as its first message: the configuration before, to compare with. */
export interface ThreadBase {
  /** The names of its jobs, a line each. */
  readonly names: string;
  readonly digests: BigUint64Array;
}

/** A configuration without its jobs. */
export type Settings = Omit<Config, "jobs" | "jobPlaces" | "policySources">;

export type ThreadMessage =
  | { readonly kind: "ready" }
  | {
      readonly kind: "refused";
      readonly result: Pick<Extract<LoadResult, { ok: false }>, "issues" | "files">;
    }
  | {
      readonly kind: "loaded";
      readonly settings: Settings;
      readonly places: Config["jobPlaces"]["origin"];
      readonly warnings: readonly string[];
      readonly files: readonly string[];
      /** By job, which job of the base it is; -1 for one that is not there, or has changed. Those follow in pages. */
      readonly order: Int32Array;
      readonly digests: BigUint64Array;
    }
  | { readonly kind: "page"; readonly page: JobPage };
