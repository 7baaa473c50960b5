import type { Job } from "../config/config.ts";
import { loadModule } from "./module-handler.ts";
import { loadOwnPackage } from "./own-package.ts";

/** Who triggers waits for it. */
const IMPORT_LIMIT_MS = 5_000;

/**
 * What is wrong with the data of a run by the schema of the job's handler, where its module is here: the first call for a
 * module imports it. None where the module is not here, cannot be loaded in 5 s, or has no schema: the worker judges then.
 */
export async function problemsOfData(
  { handler }: Pick<Job, "handler">,
  data: Record<string, unknown>,
  jobsDir: string,
): Promise<readonly string[]> {
  if (handler?.kind !== "module") return [];
  await loadOwnPackage();
  const loaded = await loadModule(handler, {
    jobsDir,
    importLimitMs: IMPORT_LIMIT_MS,
    functions: new Map(),
  });
  return "problem" in loaded ? [] : (loaded.handler.check?.(data) ?? []);
}
