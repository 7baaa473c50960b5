import { formatLocal } from "../client/local-time.ts";
import { keepNextTicks, skipNextTick } from "../client/skipping.ts";
import { type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { EXIT, type Io } from "./io.ts";

interface SkipNextOptions extends OperatorOptions {
  readonly undo?: boolean;
}

/** Skips the job's next tick; again, the one after it too. With `undo`, takes back what has not happened yet. */
export function skipNext(name: string, options: SkipNextOptions, io: Io): Promise<number> {
  return withCluster(options, io, async cluster => {
    if (options.undo) {
      const kept = await keepNextTicks(cluster, name);
      print(io, options, `${kept.job} keeps ${kept.keeps.join(", ")}`, kept);
      return EXIT.done;
    }
    const skipped = await skipNextTick(cluster, name);
    const { spec } = await cluster.knownJob(name);
    const local = formatLocal(Date.parse(skipped.skips), spec.timezone);
    print(io, options, `${skipped.job} skips ${skipped.skips} (${local}); --undo takes it back`, skipped);
    return EXIT.done;
  });
}
