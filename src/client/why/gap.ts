import { isoOf } from "../iso.ts";
import type { WhyFacts } from "./facts.ts";
import type { Cause } from "./why.ts";

/** A handoff that is shorter than this makes no tick late by itself. */
const SHORT_MS = 1;
/** The clocks by which terms end and ticks are due differ by less. */
const CLOCKS_MS = 50;

/** The time without a leader in which a tick was due, or null. */
export function gapAt(facts: WhyFacts, dueMs: number): Cause | null {
  return standingGap(facts, dueMs) ?? pastGap(facts, dueMs);
}

/** The time without a leader that has not ended. */
function standingGap({ leader, terms, nowMs, tooOld }: WhyFacts, dueMs: number): Cause | null {
  if (leader !== null || dueMs > nowMs) return null;
  const endedAt = terms[0]?.endedAt ?? null;
  if (endedAt !== null && dueMs < Date.parse(endedAt) - CLOCKS_MS) return null;
  const gap = endedAt === null ? {} : { since: endedAt, gapMs: Math.round(nowMs - Date.parse(endedAt)) };
  if (tooOld === null) return { kind: "leader_gap", ...gap, ...reasonOf(terms[0]?.endCause ?? null) };
  const reason = `the replicas carry generation ${tooOld.found}, and generation ${tooOld.proven} has led`;
  return { kind: "generation", ...gap, reason };
}

function pastGap({ terms }: WhyFacts, dueMs: number): Cause | null {
  for (const { term, at, vacantMs, cause, by } of terms) {
    const endMs = Date.parse(at);
    if (vacantMs === null || vacantMs < SHORT_MS) continue;
    if (dueMs > endMs || dueMs < endMs - vacantMs - CLOCKS_MS) continue;
    return {
      kind: cause === "generation" ? "generation" : "leader_gap",
      gapMs: vacantMs,
      since: isoOf(endMs - vacantMs),
      until: at,
      term,
      ...reasonOf(cause),
      ...(by === null ? {} : { by }),
    };
  }
  return null;
}

function reasonOf(cause: string | null): { reason?: string } {
  if (cause === null) return {};
  return { reason: ENDS.get(cause) ?? `the leader before ended (${cause})` };
}

/** Why a leader ended, as docs/events.md has it; by `TermCause`. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ["first", "no replica had led before"],
  ["shutdown", "the leader before was stopped"],
  ["stepdown", "the leader before was asked to step down"],
  ["generation", "the leader before made way for a newer configuration"],
  ["no-progress", "the leader before launched nothing although Redis answered it, and resigned"],
  ["failed", "the work of the leader before broke down"],
  ["process-gone", "the process of the leader before died"],
  ["presence-lost", "the connection that shows the leader before broke"],
  ["frozen", "the leader before did not run for longer than its lease"],
  ["unreachable", "the leader before could not reach the store of its lease"],
  ["refused", "the store refused the leader before"],
  ["replaced", "another replica took the lease of the leader before"],
  ["fenced", "the leader before found a newer term in force"],
  ["store-away", "the store of the lease was away"],
  ["lease-removed", "the lease of the leader before was removed"],
  ["silent", "the leader before gave no sign of life any more"],
  ["unknown", "it is not known why the leader before ended"],
]);
