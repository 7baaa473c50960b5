import { writtenAt } from "../surviving-stream.ts";
import type { Command, Evidence, QueueEvent, Recorded, RecordedCommand, Violation } from "./evidence.ts";
import { readRun } from "./run-name.ts";
import { overlaps, type Window } from "./windows.ts";

/** What operators ordered, for one job: as Redis has it in the end. */
export interface ControlSpans {
  readonly pauses: readonly Window[];
  /** By tick, when it was ordered that it be skipped; without those that were kept before they were decided. */
  readonly skips: ReadonlyMap<number, number>;
}

export function controlSpansOf(
  job: string,
  recordedCommands: readonly RecordedCommand[],
  commands: readonly Command[] = [],
): ControlSpans {
  const pauses: Window[] = [];
  const skips = new Map<number, number>();
  let pausedMs: number | null = null;
  for (const recorded of recordedCommands.filter(recorded => recorded.job === job)) {
    const { action, atMs, ticks = [] } = recorded;
    if (action === "pause") pausedMs ??= recorded.isPutBack ? givenMs(recorded, commands) : atMs;
    if (action === "resume" && pausedMs !== null) {
      pauses.push({ fromMs: pausedMs, untilMs: atMs });
      pausedMs = null;
    }
    if (action === "skip-next") for (const tick of ticks) skips.set(tick, atMs);
    if (action === "keep-next") for (const tick of ticks) skips.delete(tick);
  }
  if (pausedMs !== null) pauses.push({ fromMs: pausedMs, untilMs: Number.POSITIVE_INFINITY });
  return { pauses, skips };
}

/** What is put back after a failover counts from when it was given; the record of that is lost. */
function givenMs({ job, atMs }: RecordedCommand, commands: readonly Command[]): number {
  const given = commands.filter(({ action, job: of, fromMs }) => {
    return action === "pause" && of === job && fromMs <= atMs;
  });
  return given.at(-1)?.fromMs ?? atMs;
}

/** Between a command's answer and the record of it. */
const SLACK_MS = 1_000;

/**
 * Each command took effect once where it answered, and at most once where it did not. Where writes may be lost, a failover may
 * have taken a command back.
 */
export function commandsCarriedOut(evidence: Evidence): Violation[] {
  const {
    commands = [],
    recordedCommands = [],
    steppedDown = 0,
    mayLoseWrites = false,
    clockSteps = [],
  } = evidence;
  // When a command was given is known by one clock, and recorded by another.
  const timed = commands.filter(command => !clockSteps.some(window => overlaps(window, command)));
  const stepdowns = commands.filter(({ action }) => action === "stepdown").length;
  return [
    ...timed.flatMap(command => recordedOnce(command, commands, recordedCommands, mayLoseWrites)),
    ...startedOnce(evidence, commands, mayLoseWrites),
    ...(steppedDown <= stepdowns
      ? []
      : [broken(`${steppedDown} leaders stepped down after ${stepdowns} commands`)]),
  ];
}

function recordedOnce(
  command: Command,
  commands: readonly Command[],
  recordedCommands: readonly RecordedCommand[],
  mayLoseWrites: boolean,
): Violation[] {
  const { action, job, fromMs, untilMs, answer } = command;
  if (action === "trigger" || action === "backfill" || action === "stepdown") return [];
  const count = recordedCommands.filter(
    recorded =>
      recorded.action === action &&
      recorded.job === job &&
      !recorded.isPutBack &&
      recorded.atMs >= fromMs &&
      recorded.atMs <= untilMs + SLACK_MS,
  ).length;
  // Of those that overlap no record says which one it is of.
  const given = commands.filter(
    other =>
      other.action === action &&
      other.job === job &&
      overlaps(other, { fromMs, untilMs: untilMs + SLACK_MS }),
  ).length;
  const isMissing = answer?.isChange === true && count === 0 && !mayLoseWrites;
  if (count <= given && !isMissing) return [];
  return [broken(`${action} ${job} at ${new Date(fromMs).toISOString()} is on record ${count} times`)];
}

/** The runs that a command says it started are there, once; of commands without an answer, no more than they ask for. */
function startedOnce(
  { events }: Evidence,
  commands: readonly Command[],
  mayLoseWrites: boolean,
): Violation[] {
  const started = new Map<string, number>();
  for (const { event, run } of events) {
    if (event === "added" && readRun(run).kind !== "tick") started.set(run, (started.get(run) ?? 0) + 1);
  }
  const told = new Set(commands.flatMap(({ answer }) => answer?.runs ?? []));
  const missing = [...told].filter(run => !started.has(run) && !mayLoseWrites);
  const twice = [...started].filter(([, count]) => count > 1).map(([run]) => run);
  const untold = Map.groupBy(
    [...started.keys()].filter(run => !told.has(run)),
    run => `${readRun(run).kind} ${readRun(run).job}`,
  );
  const unanswered = commands.filter(({ answer }) => answer === null);
  return [
    ...missing.map(run => broken(`${run} was answered and never started`, run)),
    ...twice.map(run => broken(`${run} was started twice`, run)),
    ...[...untold].flatMap(([key, runs]) => {
      const asked = unanswered.filter(
        ({ action, job }) => `${action === "trigger" ? "manual" : action} ${job}` === key,
      );
      const limit = asked.reduce((sum, { most = 1 }) => sum + most, 0);
      if (runs.length <= limit) return [];
      return [broken(`${runs.length} runs (${key}) after commands without an answer for ${limit}`, runs[0])];
    }),
  ];
}

/** A tick that was filled in by hand before it was decided must not be launched by its schedule as well. */
export function backfilledTwice(events: readonly QueueEvent[], history: readonly Recorded[]): Violation[] {
  const launched = new Map(
    history.filter(({ outcome }) => outcome === "launched").map(({ run, atMs }) => [run, atMs]),
  );
  return events.flatMap((event): Violation[] => {
    if (event.event !== "added" || readRun(event.run).kind !== "backfill") return [];
    const run = event.run.slice(0, event.run.indexOf("~"));
    const launchedMs = launched.get(run) ?? Number.NEGATIVE_INFINITY;
    if (launchedMs < writtenAt(event)) return [];
    return [{ breach: "launched twice", what: `${run} was launched after ${event.run}`, run }];
  });
}

function broken(what: string, run?: string): Violation {
  return { breach: "command not carried out once", what, ...(run && { run }) };
}
