import type { Job } from "../config/config.ts";
import type { Events } from "../events.ts";
import { latenessOf } from "../launch/history.ts";
import { runIdOf } from "../launch/run-id.ts";
import { tellReason } from "../reasons.ts";
import type { Decision } from "../schedule/decision.ts";

/** Reports a decision that was committed at `nowMs`. `shared`: the queue that its run went into, unless it is one of Bellwether's. */
export function reportDecision(
  events: Events,
  term: number,
  decision: Decision,
  nowMs: number,
  shared: Job["sharedQueue"] = undefined,
): void {
  const { job, tickAtMs } = decision;
  const about = { job, tick: new Date(tickAtMs).toISOString(), term };
  if (decision.outcome === "launched") {
    const run = runIdOf(job, tickAtMs, shared?.runPrefix);
    events.emit("tick.launched", { ...about, lateMs: latenessOf(decision, nowMs), run, kind: decision.kind });
    return;
  }
  const { fromAtMs, count = 1, blockedBy } = decision;
  const rest = {
    ...(blockedBy === undefined ? {} : { run: blockedBy }),
    ...(fromAtMs === undefined ? {} : { from: new Date(fromAtMs).toISOString(), count }),
  };
  if (decision.outcome === "missed") {
    events.emit("tick.missed", { ...about, ...tellReason(decision.reason), ...rest });
  } else events.emit("tick.skipped", { ...about, ...tellReason(decision.reason), ...rest });
}
