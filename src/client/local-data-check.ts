import type { Config } from "../config/config.ts";
import type { DataCheck } from "./cluster.ts";

/** By the handlers of the configuration, as far as their modules are on this machine. */
export function localDataCheck({ jobsDir }: Config): DataCheck {
  return async (job, data) => {
    // Only what triggers a run needs it, and no command should load more than it needs.
    const { problemsOfData } = await import("../handlers/local-data-check.ts");
    return await problemsOfData(job, data, jobsDir);
  };
}
