import { formatLocal } from "../../client/local-time.ts";
import type { Job } from "../../config/config.ts";
import { describeCron } from "../../schedule/describe-cron.ts";
import { durationText } from "../../schedule/duration.ts";
import { calendarNameOf } from "../../schedule/parse-exception.ts";
import { kindsIn } from "../../schedule/spec.ts";

/** When the job has ticks and when they are launched, a sentence each. */
export async function describeSchedule(job: Job): Promise<string[]> {
  const { spec, maxRuns } = job;
  const ticks = await Promise.all(kindsIn(spec).map(({ kind, value }) => kind.describe(value, spec)));
  const sentences = [...ticks.flat(), ...describeBounds(job), ...describeExceptions(job)];
  if (spec.jitterMs > 0) {
    const jitter = durationText(spec.jitterMs);
    sentences.push(
      `Each tick is launched up to ${jitter} late, the same tick on every replica by the same time (jitter).`,
    );
  }
  if (maxRuns !== null)
    sentences.push(`After ${counted(maxRuns, "launched tick")} the job is over (maxRuns).`);
  return sentences;
}

/** What happens when ticks are late, runs overlap or fail, a sentence each. */
export function describeFailures(job: Job): string[] {
  return [describeCatchUp(job), describeOverlap(job), describeRetries(job), describeTimeout(job)];
}

function describeBounds({ spec }: Job): string[] {
  const { startMs, endMs, timezone } = spec;
  return [
    ...(startMs === undefined ? [] : [`Not before ${formatLocal(startMs, timezone)} (start).`]),
    ...(endMs === undefined ? [] : [`Not after ${formatLocal(endMs, timezone)} (end).`]),
  ];
}

function describeExceptions({ spec }: Job): string[] {
  return spec.except.map(text => {
    const calendar = calendarNameOf(text);
    if (calendar !== null) return `Not during the events of the calendar ${calendar} (except).`;
    if (/^\d{4}-\d{2}-\d{2}T/i.test(text)) return `Not at ${text} (except).`;
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `Not on ${text} (except).`;
    return `Not: ${describeCron(text, spec.seed)} (except ${text}).`;
  });
}

function describeCatchUp({ catchUp, catchUpWindowMs, catchUpLimit }: Job): string {
  const late = "Ticks that were not launched in time";
  const window = `not older than ${durationText(catchUpWindowMs)}`;
  if (catchUp === "none") return `${late} are missed (catchUp: none).`;
  if (catchUp === "latest")
    return `${late}: the latest is launched late if it is ${window} (catchUp: latest).`;
  return `${late} are all launched late if they are ${window}, the newest ${catchUpLimit} of them (catchUp: all).`;
}

function describeOverlap({ overlap }: Job): string {
  const when = "A tick that comes while an earlier run is not done";
  if (overlap === "allow") return `${when} is launched beside it (overlap: allow).`;
  if (overlap === "skip") return `${when} is skipped (overlap: skip).`;
  return `${when} waits for it; of several that wait only the newest stays (overlap: queue).`;
}

function describeRetries({ retry: { attempts, backoff, delayMs, jitter } }: Job): string {
  if (attempts === 1) return "A run that fails is not tried again (retry.attempts: 1).";
  const growth = backoff === "exponential" ? ", twice as long each time" : "";
  const times = counted(attempts - 1, "time");
  const random = jitter === 0 ? "" : `, less up to ${Math.round(jitter * 100)} % at random`;
  return `A run that fails is tried again up to ${times}, after ${durationText(delayMs)}${growth}${random} (retry).`;
}

function describeTimeout({ timeoutMs }: Job): string {
  if (timeoutMs === null) return "A run may take as long as it likes (no timeout).";
  return `A run may take ${durationText(timeoutMs)}: then its signal aborts (timeout).`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
