import type { Command } from "commander";
import { formatLocal } from "../client/local-time.ts";
import { keepNextTicks, skipNextTick } from "../client/skipping.ts";
import { type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { type Does, operatorOptions } from "./command.ts";
import { EXIT, type Io } from "./io.ts";

interface SkipNextOptions extends OperatorOptions {
  readonly undo?: boolean;
}

export function declareCommand(command: Command, does: Does): void {
  operatorOptions(command)
    .argument("<job>")
    .option("--undo", "take back what has not been skipped yet")
    .action(does(skipNext));
}

/** Skips the job's next tick; again, the one after it too. With `undo`, takes back what has not happened yet. */
function skipNext(name: string, options: SkipNextOptions, io: Io): Promise<number> {
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
