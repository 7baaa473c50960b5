import { type NextTicks, nextTicksOf } from "../client/coming-ticks.ts";
import type { Job } from "../config/config.ts";
import { describeHandler } from "../config/describe-handler.ts";
import { asksWallClock } from "../schedule/spec.ts";
import { type ChangeDescription, describeChange } from "./explain/describe-change.ts";
import { describeFailures, describeSchedule } from "./explain/describe-policy.ts";
import { EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { renderTicks } from "./next.ts";
import { findJob, loadProject, type ProjectOptions } from "./project.ts";

export interface ExplainOptions extends ProjectOptions {
  readonly json?: boolean;
}

const TICKS_SHOWN = 3;

/** Says a job's schedule and policies in plain sentences, with the clock changes of the coming year. */
export async function explain(name: string, options: ExplainOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, name);
  const nowMs = Date.now();
  const explanation: Explanation = {
    job,
    when: await describeSchedule(job),
    changes: describeChange(job, nowMs),
    failures: describeFailures(job),
    coming: nextTicksOf([job], { from: new Date(nowMs), count: TICKS_SHOWN, excluded: true }),
  };
  io.out(options.json ? jsonText(toJson(explanation), 2) : toText(explanation));
  return EXIT.done;
}

interface Explanation {
  readonly job: Job;
  readonly when: readonly string[];
  readonly changes: readonly ChangeDescription[];
  readonly failures: readonly string[];
  readonly coming: NextTicks;
}

function toText({ job, when, changes, failures, coming }: Explanation): string {
  const clocks = changes.flatMap(({ what, effect }) => [what, `  ${effect}`]);
  const calm = asksWallClock(job.spec) ? "None in the coming year." : "They do not matter to this job.";
  return [
    job.handler === null
      ? `${job.name} has no handler: other programs work off the queue ${job.queue}.`
      : `${job.name} runs ${describeHandler(job.handler)} in the queue ${job.queue}.`,
    section("When", when),
    section("Clock changes", clocks.length === 0 ? [calm] : clocks),
    section("When something is late, busy or fails", failures),
    `\nNext\n${coming.ticks.length === 0 ? "  No tick is to come.\n" : indented(renderTicks(coming))}`,
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string {
  return `\n${title}\n${lines.map(line => `  ${line}`).join("\n")}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function toJson({ job, when, changes, failures, coming }: Explanation) {
  return {
    job: job.name,
    handler: describeHandler(job.handler),
    queue: job.queue,
    schedule: job.scheduleText,
    timezone: job.spec.timezone,
    when,
    clockChanges: changes.map(({ at, ...words }) => ({ at: new Date(at).toISOString(), ...words })),
    failures,
    next: coming.ticks.filter(({ excluded }) => excluded === undefined),
  };
}
