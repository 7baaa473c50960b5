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
    tickAtMs: number,
  ) => boolean;
  /** How long it sleeps after a tick is due. */
  readonly sloth?: (tickAtMs: number) => number;
}

export interface Decision {
  readonly tickAtMs: number;
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
 * A second scheduler, as plain as can be: it checks every job twenty times a second and decides by the rules of the
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
        const { tickAtMs, outcome, reason, reasonCode, blockedBy } = decision;
        const run = runIdOf(state.job.name, tickAtMs);
        history.push({
          run,
          outcome,
          atMs: now,
          lateMs: now - tickAtMs,
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
    quietAtMs: START + lengthMs - 10_000,
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

/** One check of one job. */
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
      for (const tickAtMs of due) {
        this.#state.next = tickAtMs + GRAIN_MS;
        yield { tickAtMs, outcome: "skipped", reason: "the job was removed from the configuration" };
      }
      return;
    }
    for (const [i, tickAtMs] of due.entries()) {
      // A limit that is raised later brings back none of these.
      if (this.#isOver(tickAtMs)) {
        this.#state.next = tickAtMs + GRAIN_MS;
        continue;
      }
      const honest = this.#decide(tickAtMs, due.slice(i + 1));
      const decision = honest && (this.#vice.decide?.(honest) ?? (this.#vice.decide ? null : honest));
      if (honest === null) return;
      this.#state.next = tickAtMs + GRAIN_MS;
      if (decision !== null) yield decision;
    }
  }

  #isOver(tickAtMs: number): boolean {
    const { maxRuns = Number.POSITIVE_INFINITY } = this.#rules(tickAtMs);
    return this.#state.launched >= maxRuns && !this.#ignores("maxRuns", tickAtMs);
  }

  #absence(): Absence | undefined {
    const absence = this.#state.job.absences?.find(
      ({ fromMs, goneUntilMs }) => this.#now > fromMs && this.#now < goneUntilMs,
    );
    return this.#ignores("removal", this.#now) ? undefined : absence;
  }

  #due(): number[] {
    const due: number[] = [];
    for (let tickAtMs = this.#state.next; tickAtMs <= this.#now; tickAtMs += GRAIN_MS) {
      const { periodMs, jitterOf, isExcepted } = this.#rules(tickAtMs);
      if (tickAtMs % periodMs !== 0) continue;
      if (isExcepted?.(tickAtMs) && !this.#ignores("except", tickAtMs)) continue;
      const jitterMs = this.#ignores("due", tickAtMs) ? 0 : (jitterOf?.(tickAtMs) ?? 0);
      if (tickAtMs + jitterMs + (this.#vice.sloth?.(tickAtMs) ?? 0) > this.#now) break;
      due.push(tickAtMs);
    }
    return due;
  }

  /** Null when the tick is held. */
  #decide(tickAtMs: number, newer: readonly number[]): Decision | null {
    const { lastRun, freeAt } = this.#state;
    const rules = this.#rules(tickAtMs);
    const lateMs = this.#now - tickAtMs - (rules.jitterOf?.(tickAtMs) ?? 0);
    const isPaused = this.#isPaused() && !this.#ignores("pause", tickAtMs);
    if (isPaused || lateMs > ON_TIME_MS) {
      const reason = this.#passes(rules, lateMs, newer.length);
      if (reason !== null && isPaused) return { tickAtMs, outcome: "skipped", reason: "paused" };
      if (reason !== null) return { tickAtMs, outcome: "missed", reason };
    }
    if (isPaused) return null;
    const isSkipped = this.#recordedCommands.some(
      ({ action, ticks }) => action === "skip-next" && ticks?.includes(tickAtMs),
    );
    if (isSkipped && !this.#ignores("skip-next", tickAtMs))
      return { tickAtMs, outcome: "skipped", reason: "skip-next" };
    if (rules.overlap === "allow" || freeAt <= this.#now || this.#ignores("overlap", tickAtMs)) {
      return { tickAtMs, outcome: "launched" };
    }
    if (rules.overlap === "skip")
      return { tickAtMs, outcome: "skipped", reason: "overlap", blockedBy: lastRun };
    return newer.length > 0 ? { tickAtMs, outcome: "skipped", reason: "replaced by a newer tick" } : null;
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

  #rules(tickAtMs: number): JobRules {
    const { edits = [], ...rules } = this.#state.job;
    if (this.#ignores("edit", tickAtMs)) return rules;
    return edits.findLast(({ fromMs }) => tickAtMs > fromMs)?.rules ?? rules;
  }

  #ignores(of: Parameters<NonNullable<Vice["isIgnorant"]>>[0], tickAtMs: number): boolean {
    return this.#vice.isIgnorant?.(of, tickAtMs) ?? false;
  }
}
