import type { HistoryRow } from "../../launch/read-history.ts";
import type { MissReason, SkipReason, UnknownJobReason } from "../../reasons.ts";
import { launchTimes } from "../../schedule/launch-times.ts";
import { isoOf } from "../iso.ts";
import type { FactSchedule, WhyFacts } from "./facts.ts";
import { gapAt } from "./gap.ts";
import type { Cause } from "./why.ts";

/** A launch that was later than this is explained. */
const LATE_MS = 1_000;
/** What was on time when a pause began belongs to it: that long. */
const ON_TIME_MS = 5_000;

type TickCode = (MissReason | SkipReason | UnknownJobReason)["code"];
type CauseOf = (facts: WhyFacts, row: HistoryRow) => Cause;

/** Why a tick got no run, by the code of its record. A new reason does not compile without an entry. */
const CAUSES: { readonly [C in TickCode]: CauseOf } = {
  paused: (facts, row) => pauseAt(facts, Date.parse(row.tick)) ?? { kind: "pause" },
  skip_next: skipRequest,
  overlap: blockedBy,
  replaced: blockedBy,
  removed: () => ({ kind: "removed" }),
  catch_up_none: byPolicy,
  superseded: byPolicy,
  older_than_window: byPolicy,
  beyond_limit: byPolicy,
  job_unknown: ({ schedules }) => {
    const fromMs = schedules[0]?.fromMs;
    return { kind: "new_job", ...(fromMs === undefined ? {} : { until: isoOf(fromMs) }) };
  },
};

/** Why a tick got no run; null where the record has no reason that this release knows. */
export function decidedCause(facts: WhyFacts, row: HistoryRow): Cause | null {
  const { reasonCode = "" } = row;
  return Object.hasOwn(CAUSES, reasonCode) ? CAUSES[reasonCode as TickCode](facts, row) : null;
}

function blockedBy(_: WhyFacts, { blockedBy: run }: HistoryRow): Cause {
  return { kind: "overlap", ...(run === undefined ? {} : { run }) };
}

function skipRequest({ actions }: WhyFacts, { tick }: HistoryRow): Cause {
  const asked = actions.find(({ outcome, reason = "" }) => outcome === "skip-next" && reason.includes(tick));
  if (asked === undefined) return { kind: "skip_next" };
  return { kind: "skip_next", since: asked.tick, ...(asked.by === undefined ? {} : { by: asked.by }) };
}

/** A tick is only late where something held it up: that, or the policy alone. */
function byPolicy(facts: WhyFacts, row: HistoryRow): Cause {
  const dueMs = Date.parse(row.tick);
  const held = gapAt(facts, dueMs) ?? pauseAt(facts, dueMs);
  return { ...(held ?? { kind: "policy" }), policy: row.reason ?? "by its code alone" };
}

/** Why a launch was late; of one that was not, null. */
export function lateCause(facts: WhyFacts, owner: FactSchedule | null, row: HistoryRow): Cause | null {
  if (row.kind !== "catch-up" && row.lateMs <= LATE_MS) return null;
  const tickMs = Date.parse(row.tick);
  const dueMs = owner === null ? tickMs : launchTimes(owner.schedule)(tickMs);
  return gapAt(facts, dueMs) ?? pauseAt(facts, dueMs);
}

interface Held {
  readonly cause: Cause | null;
  readonly reasonCode: string | null;
}

/** What holds a tick that is not decided: of several causes the one that has to end first. */
export function heldCause(facts: WhyFacts, owner: FactSchedule, tickMs: number): Held {
  const { nowMs, quarantine, skips, waitsFor, isRemoved } = facts;
  const isDue = tickMs <= nowMs;
  const found = (cause: Cause | null, reasonCode: string | null = null): Held => ({ cause, reasonCode });
  if (isRemoved) return found({ kind: "removed" }, "removed");
  if (quarantine !== null) {
    const about = { since: isoOf(quarantine.sinceMs), reason: quarantine.reason };
    return found({ kind: "quarantine", ...about }, quarantine.isCorrupt ? "state_corrupt" : "run_not_added");
  }
  if (skips.includes(tickMs)) {
    return found(skipRequest(facts, { tick: isoOf(tickMs) } as HistoryRow), "skip_next");
  }
  const pause = standingPause(facts, tickMs);
  if (pause !== null) return found(pause, "paused");
  if (!isDue) return found(null);
  const dueMs = launchTimes(owner.schedule)(tickMs);
  if (dueMs > nowMs) return found({ kind: "jitter", until: isoOf(dueMs) });
  if (waitsFor !== null) return found({ kind: "overlap", run: waitsFor });
  const gap = gapAt(facts, Math.max(dueMs, tickMs));
  if (facts.leader === null) return found(gap ?? { kind: "leader_gap" });
  const { term, sinceMs } = facts.leader;
  return found(gap ?? { kind: "leader", term, since: isoOf(sinceMs) });
}

/** The pause in force, for a tick that it concerns. One that ends before the tick does not. */
function standingPause(facts: WhyFacts, tickMs: number): Cause | null {
  const { pause } = facts;
  if (pause === null || (pause.untilMs !== null && pause.untilMs <= tickMs)) return null;
  return causeOfPause(facts, pause.atMs, pause.untilMs, pause);
}

/** The pause to which a tick of the past belongs. */
export function pauseAt(facts: WhyFacts, tickMs: number): Cause | null {
  const { pause, pastPauses, actions } = facts;
  if (pause !== null && pause.atMs <= tickMs + ON_TIME_MS) {
    return causeOfPause(facts, pause.atMs, pause.untilMs, pause);
  }
  const past = pastPauses.findLast(({ fromMs, toMs }) => fromMs <= tickMs + ON_TIME_MS && tickMs <= toMs);
  if (past !== undefined) return causeOfPause(facts, past.fromMs, past.toMs, null);
  // Of more pauses than are remembered the history still has some.
  const began = actions.find(row => row.outcome === "paused" && Date.parse(row.tick) <= tickMs + ON_TIME_MS);
  if (began === undefined) return null;
  const ended = actions.findLast(row => row.outcome === "resumed" && row.tick > began.tick);
  const toMs = ended === undefined ? null : Date.parse(ended.tick);
  return toMs !== null && toMs < tickMs ? null : causeOfPause(facts, Date.parse(began.tick), toMs, null);
}

function causeOfPause(
  { actions }: WhyFacts,
  fromMs: number,
  toMs: number | null,
  pause: WhyFacts["pause"],
): Cause {
  const began = actions.find(({ outcome, tick }) => outcome === "paused" && Date.parse(tick) === fromMs);
  const putBack = actions.find(({ outcome, tick, reasonCode }) => {
    const isWithin = Date.parse(tick) >= fromMs && Date.parse(tick) <= (toMs ?? Number.POSITIVE_INFINITY);
    return outcome === "paused" && reasonCode !== undefined && isWithin;
  });
  const by = pause?.by ?? began?.by;
  const said = pause?.reason ?? began?.reason;
  const reason =
    putBack === undefined ? said : `put back at ${putBack.tick.replace(".000Z", "Z")}: ${putBack.reason}`;
  return {
    kind: "pause",
    since: isoOf(fromMs),
    ...(toMs === null ? {} : { until: isoOf(toMs) }),
    ...(by === undefined ? {} : { by }),
    ...(reason == null ? {} : { reason }),
  };
}
