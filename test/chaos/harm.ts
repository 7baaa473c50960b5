import { FAULTS, type FaultKind, type FaultRule, type Harm, LEASE_TTL_MS } from "./fault-kinds.ts";
import type { Disturbance } from "./judge/evidence.ts";
import type { Window } from "./judge/windows.ts";
import type { RecordedTerm } from "./launch-record.ts";
import type { ProcessEnd } from "./replica-group.ts";

/** A fault that was carried out: when, to which replicas (their slots' names; none when it was to the servers). */
export interface Hit extends Window {
  readonly kind: FaultKind;
  readonly slots: readonly string[];
}

/** A replica's time as the leader, by the store's clock. */
interface Reign extends Window {
  readonly slot: string;
}

/** Until a leader's presence has been seen, and others may take it for dead, its lease decides. */
const YOUNG_MS = 1_500;
const EXPIRY_MS = LEASE_TTL_MS + 1_500;
/** Sentinel demotes an old primary when that has called itself one for four of its announcements, 8 s, and asks once a second. */
const DEMOTION_MS = 10_000;
/** When a term begins is known to the millisecond; when a fault is carried out is not. */
const SLACK_MS = 100;

/** What the ends of processes in rollouts and restarts cost is what they cost alone. */
export function hitsOf(ends: readonly ProcessEnd[]): Hit[] {
  return ends.map(({ slot, signal, fromMs, untilMs }) => {
    const kind = signal === "SIGKILL" ? "kill -9 of a leader" : "stop of a leader (SIGTERM)";
    return { kind, slots: [slot], fromMs, untilMs };
  });
}

/** For how long each fault excuses the leader, or (where it was done to a follower) its successor. */
export function disturbancesOf(hits: readonly Hit[], terms: readonly RecordedTerm[]): Disturbance[] {
  const reigns = reignsOf(terms);
  return hits.flatMap((hit): Disturbance[] => {
    const { harm }: FaultRule = FAULTS[hit.kind];
    if (!harm) return [];
    const untilMs = hit.untilMs + harm.aftermathMs;
    const about = { kind: hit.kind, fromMs: hit.fromMs - (harm.beforeMs ?? 0), untilMs };
    if (harm.of === "store") return [{ ...about, of: "store" }];
    const leading = reigns.filter(reign => hit.slots.includes(reign.slot) && reign.fromMs <= hit.untilMs);
    return [
      { ...about, of: "follower" },
      ...leading
        .filter(reign => reign.untilMs >= hit.fromMs - SLACK_MS)
        .map(reign => asLeader(hit, harm, reign)),
    ];
  });
}

function asLeader(hit: Hit, harm: Harm, reign: Reign): Disturbance {
  const fromMs = Math.max(hit.fromMs, reign.fromMs);
  const isYoung = fromMs - reign.fromMs < YOUNG_MS;
  const limitMs = harm.limitMs === undefined ? Number.POSITIVE_INFINITY : harm.limitMs;
  const allowedMs = harm.endsTerm && isYoung ? Math.max(limitMs, EXPIRY_MS) : limitMs;
  const untilMs = harm.endsTerm
    ? fromMs + allowedMs
    : Math.min(fromMs + allowedMs, hit.untilMs + harm.aftermathMs);
  const endsTerm =
    harm.endsTerm === true && reign.fromMs <= hit.fromMs && reign.untilMs > hit.fromMs + SLACK_MS;
  return { kind: hit.kind, of: "leader", fromMs, untilMs, ...(endsTerm && { endsTerm }) };
}

/** From one term to the next. That a replica has stopped leading before is not known here, and excuses too much at most. */
function reignsOf(terms: readonly RecordedTerm[]): Reign[] {
  const sorted = terms.toSorted((a, b) => a.sinceMs - b.sinceMs);
  return sorted.map(({ replica, sinceMs }, i) => ({
    slot: replica.slice(0, replica.indexOf(".")),
    fromMs: sinceMs,
    untilMs: sorted[i + 1]?.sinceMs ?? Number.POSITIVE_INFINITY,
  }));
}

const CLOCK_SET: FaultKind = "Redis: clock set";

/** When times on record, by the clock of Redis, and those of this process may differ. */
export function clockStepsOf(hits: readonly Hit[]): Window[] {
  return disturbancesOf(
    hits.filter(({ kind }) => kind === CLOCK_SET),
    [],
  );
}

/** A frozen process cannot know that its lock has run out. */
const FREEZES: readonly FaultKind[] = ["freeze beyond the TTL", "freeze within the TTL"];

/**
 * When two may hold one lock: docs/locks.md promises nothing for these. Where there are replicas to fail over to, whatever
 * is done to the primary may cost locks, and leave holders behind on two servers.
 */
export function lockExcusesOf(hits: readonly Hit[], mayLoseWrites: boolean): Window[] {
  return hits.flatMap(({ kind, fromMs, untilMs }) => {
    const { harm }: FaultRule = FAULTS[kind];
    if (FREEZES.includes(kind) || kind === CLOCK_SET) return [{ fromMs, untilMs: untilMs + EXPIRY_MS }];
    if (!mayLoseWrites || harm?.of !== "store") return [];
    return [{ fromMs, untilMs: untilMs + harm.aftermathMs + EXPIRY_MS + DEMOTION_MS }];
  });
}

/** Connections wait for up to 2 s before they are made again. */
const RECONNECT_MS = 3_000;

/** When a replica may have been kept from reporting to Redis that a handler of its has ended. */
export function awayWindowsOf(hits: readonly Hit[], slot: string): Window[] {
  return hits.flatMap(({ kind, slots, fromMs, untilMs }) => {
    const { harm }: FaultRule = FAULTS[kind];
    const isAway = slots.includes(slot) || harm?.of === "store";
    return isAway ? [{ fromMs, untilMs: untilMs + RECONNECT_MS }] : [];
  });
}

/** When the Redis that took a write may have been another one than that of the end. */
export function lossyWindowsOf(hits: readonly Hit[], mayLoseWrites: boolean): Window[] {
  return hits.flatMap(({ kind, fromMs, untilMs }) => {
    const { harm }: FaultRule = FAULTS[kind];
    return mayLoseWrites && harm?.of === "store" ? [{ fromMs, untilMs: untilMs + harm.aftermathMs }] : [];
  });
}
