import type { MissReason, SkipReason } from "../../src/reasons.ts";
import type { PassDecision } from "../../src/schedule/decision.ts";

export const PASSED_AT = Date.UTC(2026, 10, 23, 7, 0, 1);

const miss = (reason: MissReason): PassDecision => ({
  outcome: "missed",
  job: "report",
  tickAtMs: PASSED_AT,
  reason,
});
const skip = (code: SkipReason["code"]): PassDecision => ({
  outcome: "skipped",
  job: "report",
  tickAtMs: PASSED_AT,
  reason: { code },
});

interface PassedTick {
  readonly decision: PassDecision;
  /** What people read. */
  readonly text: string;
  /** The label of `bellwether_ticks_total`. */
  readonly label: string;
}

/** One tick for each reason why a tick gets no run. A new reason without one does not compile. */
export const PASSED: Readonly<Record<(MissReason | SkipReason)["code"], PassedTick>> = {
  catch_up_none: { decision: miss({ code: "catch_up_none" }), text: "catchUp: none", label: "none" },
  superseded: {
    decision: miss({ code: "superseded" }),
    text: "catchUp: latest, a newer tick was due",
    label: "superseded",
  },
  older_than_window: {
    decision: miss({ code: "older_than_window", windowMs: 5_400_000 }),
    text: "older than catchUpWindow 1h30m",
    label: "window",
  },
  beyond_limit: {
    decision: miss({ code: "beyond_limit", limit: 3 }),
    text: "beyond catchUpLimit 3: so many newer ticks were due",
    label: "limit",
  },
  overlap: { decision: skip("overlap"), text: "overlap", label: "overlap" },
  replaced: { decision: skip("replaced"), text: "replaced by a newer tick", label: "replaced" },
  paused: { decision: skip("paused"), text: "paused", label: "paused" },
  skip_next: { decision: skip("skip_next"), text: "skip-next", label: "skip-next" },
  removed: {
    decision: skip("removed"),
    text: "the job was removed from the configuration",
    label: "removed",
  },
};
