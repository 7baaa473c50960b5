import { runIdOf } from "../../../src/launch/run-id.ts";
import type {
  Absence,
  Evidence,
  JobRules,
  JudgedJob,
  QueueEvent,
  Recorded,
  RecordedCommand,
  TermStart,
} from "../../chaos/verdict.ts";

/** The world in which a scheduler runs: what it is to do, and when it cannot. */
export interface World {
  readonly jobs: readonly JudgedJob[];
  /** When there is no leader. */
  readonly leaderless?: readonly (readonly [fromMs: number, untilMs: number])[];
  readonly recordedCommands?: readonly RecordedCommand[];
  readonly takesMs?: number;
  readonly lengthMs?: number;
}

/** What a bad scheduler does differently. */
export interface Vice {
  /** Replaces a decision; null forgets the tick. */
  readonly decide?: (decision: Decision) => Decision | null;
  readonly isIgnorant?: (
    of: "pause" | "skip-next" | "maxRuns" | "overlap" | "edit" | "due" | "except" | "removal",
    tickAt: number,
  ) => boolean;
  /** How long it sleeps after a tick is due. */
  readonly sloth?: (tickAt: number) => number;
}

export interface Decision {
  readonly tickAt: number;
  readonly outcome: Recorded["outcome"];
  readonly reason?: string;
  readonly reasonCode?: string;
  readonly blockedBy?: string;
}

export const START = Date.parse("2026-11-23T07:00:00Z");
const STEP_MS = 50;
/** Every period is a multiple of it. */
const GRAIN_MS = 100;
const ON_TIME_MS = 5_000;
/** When a removal is certain. */
const REMOVAL_MS = 20_000;

/**
 * A second scheduler, as plain as can be: it looks at every job twenty times a second and decides by the rules of the
 * documentation. What it does is honest unless it has a vice.
 */
export function play(world: World, vice: Vice = {}): Evidence {
  const { jobs, leaderless = [], recordedCommands = [], takesMs = 20, lengthMs = 40_000 } = world;
  const [events, history]: [Timed<QueueEvent>[], Recorded[]] = [[], []];
  const terms: TermStart[] = [{ term: 1, sinceMs: START - 100 }];
  let term = 1;
  const states = jobs.map(job => ({ job, next: START, launched: 0, freeAt: 0, lastRun: "" }));
  let wasLed = true;
  for (let now = START; now <= START + lengthMs; now += STEP_MS) {
    const isLed = !leaderless.some(([from, until]) => now >= START + from && now < START + until);
    if (isLed && !wasLed) terms.push({ term: ++term, sinceMs: now });
    wasLed = isLed;
    for (const state of isLed ? states : []) {
      for (const decision of new Turn(state, now, recordedCommands, vice).decisions()) {
        const { tickAt, outcome, reason, reasonCode, blockedBy } = decision;
        const run = runIdOf(state.job.name, tickAt);
        history.push({
          run,
          outcome,
          atMs: now,
          lateMs: now - tickAt,
          ...(reason && { reason }),
          ...(reasonCode && { reasonCode }),
          ...(blockedBy && { blockedBy }),
        });
        if (outcome !== "launched") continue;
        events.push({ atMs: now, event: "added", run, term });
        events.push({ atMs: now + takesMs, event: "completed", run, term: null });
        Object.assign(state, { freeAt: now + takesMs, lastRun: run, launched: state.launched + 1 });
      }
    }
  }
  events.sort((a, b) => a.atMs - b.atMs);
  return {
    jobs,
    history,
    recordedCommands,
    terms,
    accidents: [],
    quietAt: START + lengthMs - 10_000,
    events: events.map(({ atMs, ...event }, i) => ({ id: `${atMs}-${i}`, ...event })),
    handled: events.flatMap(({ event, run }) => (event === "added" ? [{ run, attempt: 1, term: 1 }] : [])),
  };
}

type Timed<T> = Omit<T, "id"> & { readonly atMs: number };

interface State {
  readonly job: JudgedJob;
  /** No tick before this one is decided any more. */
  next: number;
  launched: number;
  freeAt: number;
  lastRun: string;
}

/** One look at one job. */
class Turn {
  readonly #state: State;
  readonly #now: number;
  readonly #recordedCommands: readonly RecordedCommand[];
  readonly #vice: Vice;

  constructor(state: State, now: number, recordedCommands: readonly RecordedCommand[], vice: Vice) {
    this.#state = state;
    this.#now = now;
    this.#recordedCommands = recordedCommands.filter(
      ({ job, atMs }) => job === state.job.name && atMs <= now,
    );
    this.#vice = vice;
  }

  *decisions(): Generator<Decision> {
    const due = this.#due();
    const absence = this.#absence();
    if (absence) {
      if (this.#now < absence.fromMs + REMOVAL_MS) return;
      for (const tickAt of due) {
        this.#state.next = tickAt + GRAIN_MS;
        yield { tickAt, outcome: "skipped", reason: "the job was removed from the configuration" };
      }
      return;
    }
    for (const [i, tickAt] of due.entries()) {
      // A limit that is raised later brings back none of these.
      if (this.#isOver(tickAt)) {
        this.#state.next = tickAt + GRAIN_MS;
        continue;
      }
      const honest = this.#decide(tickAt, due.slice(i + 1));
      const decision = honest && (this.#vice.decide?.(honest) ?? (this.#vice.decide ? null : honest));
      if (honest === null) return;
      this.#state.next = tickAt + GRAIN_MS;
      if (decision !== null) yield decision;
    }
  }

  #isOver(tickAt: number): boolean {
    const { maxRuns = Number.POSITIVE_INFINITY } = this.#rules(tickAt);
    return this.#state.launched >= maxRuns && !this.#ignores("maxRuns", tickAt);
  }

  #absence(): Absence | undefined {
    const absence = this.#state.job.absences?.find(
      ({ fromMs, goneUntilMs }) => this.#now > fromMs && this.#now < goneUntilMs,
    );
    return this.#ignores("removal", this.#now) ? undefined : absence;
  }

  #due(): number[] {
    const due: number[] = [];
    for (let tickAt = this.#state.next; tickAt <= this.#now; tickAt += GRAIN_MS) {
      const { periodMs, jitterOf, isExcepted } = this.#rules(tickAt);
      if (tickAt % periodMs !== 0) continue;
      if (isExcepted?.(tickAt) && !this.#ignores("except", tickAt)) continue;
      const jitterMs = this.#ignores("due", tickAt) ? 0 : (jitterOf?.(tickAt) ?? 0);
      if (tickAt + jitterMs + (this.#vice.sloth?.(tickAt) ?? 0) > this.#now) break;
      due.push(tickAt);
    }
    return due;
  }

  /** Null when the tick is held. */
  #decide(tickAt: number, newer: readonly number[]): Decision | null {
    const { lastRun, freeAt } = this.#state;
    const rules = this.#rules(tickAt);
    const lateMs = this.#now - tickAt - (rules.jitterOf?.(tickAt) ?? 0);
    const isPaused = this.#isPaused() && !this.#ignores("pause", tickAt);
    if (isPaused || lateMs > ON_TIME_MS) {
      const reason = this.#passes(rules, lateMs, newer.length);
      if (reason !== null && isPaused) return { tickAt, outcome: "skipped", reason: "paused" };
      if (reason !== null) return { tickAt, outcome: "missed", reason };
    }
    if (isPaused) return null;
    const isSkipped = this.#recordedCommands.some(
      ({ action, ticks }) => action === "skip-next" && ticks?.includes(tickAt),
    );
    if (isSkipped && !this.#ignores("skip-next", tickAt))
      return { tickAt, outcome: "skipped", reason: "skip-next" };
    if (rules.overlap === "allow" || freeAt <= this.#now || this.#ignores("overlap", tickAt)) {
      return { tickAt, outcome: "launched" };
    }
    if (rules.overlap === "skip")
      return { tickAt, outcome: "skipped", reason: "overlap", blockedBy: lastRun };
    return newer.length > 0 ? { tickAt, outcome: "skipped", reason: "replaced by a newer tick" } : null;
  }

  #passes(
    { catchUp = "all", catchUpWindowMs = 3_600_000, catchUpLimit = 100 }: JobRules,
    lateMs: number,
    newer: number,
  ) {
    if (catchUp === "none") return "catchUp: none";
    if (catchUp === "latest" && newer > 0) return "catchUp: latest, a newer tick was due";
    if (lateMs > catchUpWindowMs) return `older than catchUpWindow ${catchUpWindowMs}ms`;
    return catchUp === "all" && newer >= catchUpLimit ? `beyond catchUpLimit ${catchUpLimit}` : null;
  }

  #isPaused(): boolean {
    return (
      this.#recordedCommands.findLast(({ action }) => action === "pause" || action === "resume")?.action ===
      "pause"
    );
  }

  #rules(tickAt: number): JobRules {
    const { edits = [], ...rules } = this.#state.job;
    if (this.#ignores("edit", tickAt)) return rules;
    return edits.findLast(({ fromMs }) => tickAt > fromMs)?.rules ?? rules;
  }

  #ignores(of: Parameters<NonNullable<Vice["isIgnorant"]>>[0], tickAt: number): boolean {
    return this.#vice.isIgnorant?.(of, tickAt) ?? false;
  }
}
