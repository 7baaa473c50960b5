import { printable } from "../config/document/describe.ts";
import { nearest } from "../config/nearest.ts";
import { BellwetherError } from "../errors.ts";

/** Throws BW_JOB_UNKNOWN because no job has the name; names the nearest one. */
export function refuseName(name: string, names: readonly string[]): never {
  const jobs = [...new Set(names)];
  throw new BellwetherError("BW_JOB_UNKNOWN", { job: printable(name), guess: nearest(name, jobs), jobs });
}
