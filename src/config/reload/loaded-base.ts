import { Turns } from "../../clock/turns.ts";
import type { Config } from "../config.ts";
import type { ConfigIssue } from "../document/config-issue.ts";
import type { LoadResult } from "../load.ts";
import { jobDigest } from "./job-digest.ts";

/** What a change is compared with: the last configuration that was valid. */
export interface LoadedBase {
  readonly config: Config;
  /** Of its jobs, in their order; null until a change is large enough to ask for them. */
  readonly digests: BigUint64Array | null;
  readonly files: readonly string[];
}

export async function digestsOf({ config, digests }: LoadedBase): Promise<BigUint64Array> {
  if (digests !== null) return digests;
  const made = new BigUint64Array(config.jobs.length);
  const turns = new Turns();
  for (const [i, job] of config.jobs.entries()) {
    made[i] = jobDigest(job, config.policySources[i] ?? {});
    if (turns.isOver()) await turns.turn();
  }
  return made;
}

/** A change with mistakes. What is known of the rest is what runs. */
export function unusable(
  { config }: LoadedBase,
  issues: readonly ConfigIssue[],
  files: readonly string[],
): LoadResult {
  const { jobPlaces, jobsDir, namespace, redis } = config;
  return {
    ok: false,
    issues,
    files,
    usable: { connection: { namespace, redis }, handlers: [], jobPlaces, jobsDir },
  };
}
