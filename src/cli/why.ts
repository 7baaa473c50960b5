import { explainTick } from "../client/explain-tick.ts";
import { printable } from "../config/document/describe.ts";
import { type ClusterOptions, either, withReadCluster } from "./cluster-session.ts";
import { parseInstant } from "./instant.ts";
import { EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";

interface WhyOptions extends ClusterOptions {
  readonly at?: string;
  readonly json?: boolean;
}

/** Says what became of a job at an instant, and why. */
export async function why(job: string, options: WhyOptions, io: Io): Promise<number> {
  const at = options.at === undefined ? undefined : new Date(parseInstant("--at", options.at));
  const found = await either(
    options,
    io,
    api => api.why(job, { at }),
    () => withReadCluster(options, io, cluster => explainTick(cluster, job, { at })),
  );
  io.out(options.json ? jsonText(found, 2) : `${printable(found.text)}\n`);
  return EXIT.done;
}
