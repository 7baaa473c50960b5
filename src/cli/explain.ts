import { comingTick } from "../client/coming-ticks.ts";
import { listTicks, type TickRow } from "../client/tick-list.ts";
import type { Job } from "../config/config.ts";
import type { HandlerKind } from "../handlers/handler-kind.ts";
import { HANDLER_KINDS, type HandlerRef } from "../handlers/handler-kinds.ts";
import { asksWallClock } from "../schedule/spec.ts";
import { type ChangeDescription, describeChange } from "./explain/describe-change.ts";
import { describeFailures, describeSchedule } from "./explain/describe-policy.ts";
import { EXIT, type Io } from "./io.ts";
import { renderRows } from "./next.ts";
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
  const query = { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY, count: TICKS_SHOWN };
  const explanation: Explanation = {
    job,
    when: await describeSchedule(job),
    changes: describeChange(job, nowMs),
    failures: describeFailures(job),
    rows: listTicks([job], query).rows,
  };
  io.out(options.json ? `${JSON.stringify(toJson(explanation), null, 2)}\n` : toText(explanation));
  return EXIT.done;
}

interface Explanation {
  readonly job: Job;
  readonly when: readonly string[];
  readonly changes: readonly ChangeDescription[];
  readonly failures: readonly string[];
  readonly rows: readonly TickRow[];
}

function toText({ job, when, changes, failures, rows }: Explanation): string {
  const clocks = changes.flatMap(({ what, effect }) => [what, `  ${effect}`]);
  const calm = asksWallClock(job.spec) ? "None in the coming year." : "They do not matter to this job.";
  return [
    job.handler === null
      ? `${job.name} has no handler: other programs work off the queue ${job.queue}.`
      : `${job.name} runs ${describeHandler(job.handler)} in the queue ${job.queue}.`,
    section("When", when),
    section("Clock changes", clocks.length === 0 ? [calm] : clocks),
    section("When something is late, busy or fails", failures),
    `\nNext\n${rows.length === 0 ? "  No tick is to come.\n" : indented(renderRows(rows))}`,
  ].join("\n");
}

function describeHandler(handler: HandlerRef): string {
  const kind: HandlerKind = HANDLER_KINDS[handler.kind];
  return kind.describe(handler);
}

function section(title: string, lines: readonly string[]): string {
  return `\n${title}\n${lines.map(line => `  ${line}`).join("\n")}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function toJson({ job, when, changes, failures, rows }: Explanation) {
  return {
    job: job.name,
    handler: job.handler === null ? null : describeHandler(job.handler),
    queue: job.queue,
    schedule: job.scheduleText,
    timezone: job.spec.timezone,
    when,
    clockChanges: changes.map(({ at, ...words }) => ({ at: new Date(at).toISOString(), ...words })),
    failures,
    next: rows.filter(row => row.exclusion === undefined).map(row => comingTick(row)),
  };
}
