import { checkedDate } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { explainWhy } from "./why/explain.ts";
import { readFacts } from "./why/read-facts.ts";
import type { Why } from "./why/why.ts";

export interface WhyOptions {
  /** The instant to explain; by default the last tick whose time has come. */
  readonly at?: Date | undefined;
}

/** What became of a job at an instant, and why. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function explainTick(cluster: Cluster, name: string, { at }: WhyOptions = {}): Promise<Why> {
  const atMs = at === undefined ? null : checkedDate("at", at).getTime();
  const configured = cluster.config?.jobs.find(job => job.name === name) ?? null;
  return await cluster.read(async (redis, keys) => {
    await refuseUnknown(cluster, redis, keys, name);
    const read = await readFacts(redis, keys, { name, configured, atMs });
    return explainWhy(read.facts, read.atMs);
  });
}
