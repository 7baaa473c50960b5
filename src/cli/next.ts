import type { Config, Job } from "../config/config.ts";
import { parseInstant } from "./instant.ts";
import { EXIT, type Io } from "./io.ts";
import { formatLocal } from "./local-time.ts";
import { findJob, loadProject, type ProjectOptions } from "./project.ts";
import { renderTable } from "./table.ts";

export interface NextOptions extends ProjectOptions {
  readonly count: number;
  readonly from?: string;
  readonly json?: boolean;
}

interface ComingTick {
  readonly job: string;
  readonly tick: string;
  readonly local: string;
  readonly note?: string;
}

/** Shows each job's next ticks, in order of time. Needs no server. */
export async function next(job: string | undefined, options: NextOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const fromMs = options.from === undefined ? Date.now() : parseInstant("--from", options.from);
  const ticks = comingTicks(
    config,
    job === undefined ? config.jobs : [findJob(config, job)],
    fromMs,
    options.count,
  );
  if (options.json) {
    io.out(`${JSON.stringify(ticks, null, 2)}\n`);
  } else if (ticks.length === 0) {
    io.out("no tick is to come\n");
  } else {
    const rows = ticks.map(tick => [tick.job, tick.tick, tick.local, tick.note ?? ""]);
    io.out(renderTable(["JOB", "TICK (UTC)", "LOCAL", "NOTE"], rows));
  }
  return EXIT.done;
}

function comingTicks(_config: Config, jobs: readonly Job[], fromMs: number, count: number): ComingTick[] {
  const ticks: (ComingTick & { readonly at: number })[] = [];
  for (const job of jobs) {
    let after = fromMs - 1;
    for (let i = 0; i < count; i++) {
      const tick = job.schedule.next(after);
      if (!tick) break;
      after = tick.at;
      ticks.push({
        job: job.name,
        tick: new Date(tick.at).toISOString(),
        local: formatLocal(tick.at, job.spec.timezone),
        ...(tick.note === undefined ? {} : { note: tick.note }),
        at: tick.at,
      });
    }
  }
  ticks.sort((a, b) => a.at - b.at);
  return ticks.map(({ at: _, ...tick }) => tick);
}
