import { formatLocal } from "../client/local-time.ts";
import { type KeepResult, keepNextTicks, type SkipResult, skipNextTick } from "../client/skipping.ts";
import { either, type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { EXIT, type Io } from "./io.ts";

interface SkipNextOptions extends OperatorOptions {
  readonly undo?: boolean;
}

interface Skipping {
  readonly skip: (job: string) => Promise<SkipResult>;
  readonly keep: (job: string) => Promise<KeepResult>;
  readonly zoneOf: (job: string) => Promise<string>;
}

/** Skips the job's next tick; again, the one after it too. With `undo`, takes back what has not happened yet. */
export function skipNext(name: string, options: SkipNextOptions, io: Io): Promise<number> {
  const skipBy = async ({ skip, keep, zoneOf }: Skipping) => {
    if (options.undo) {
      const kept = await keep(name);
      print(io, options, `${kept.job} keeps ${kept.keeps.join(", ")}`, kept);
      return EXIT.done;
    }
    const skipped = await skip(name);
    const local = formatLocal(Date.parse(skipped.skips), await zoneOf(name));
    print(io, options, `${skipped.job} skips ${skipped.skips} (${local}); --undo takes it back`, skipped);
    return EXIT.done;
  };
  return either(
    options,
    io,
    api =>
      skipBy({
        skip: job => api.skipNext(job),
        keep: job => api.keepNext(job),
        zoneOf: async job => (await api.job(job)).timezone,
      }),
    () =>
      withCluster(options, io, cluster =>
        skipBy({
          skip: job => skipNextTick(cluster, job),
          keep: job => keepNextTicks(cluster, job),
          zoneOf: async job => (await cluster.knownJob(job)).spec.timezone,
        }),
      ),
  );
}
