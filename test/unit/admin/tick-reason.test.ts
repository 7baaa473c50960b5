import { describe, expect, it } from "vitest";
import { TICK_REASONS, tickReason } from "../../../src/admin/tick-reason.ts";
import type { Job } from "../../../src/config/config.ts";
import { planTicks } from "../../../src/schedule/plan.ts";
import { jobOf } from "../../support/jobs.ts";

const NOW = Date.UTC(2026, 10, 23, 7);

/** The reasons that planning gives for the ticks of half a minute without a leader. */
function plannedReasons(
  overrides: Partial<Job>,
  more: { pausedAt?: number; skips?: readonly number[] } = {},
) {
  const job = jobOf("job", overrides);
  const { decisions } = planTicks({ jobs: [{ ...job, ...more, cursor: NOW - 30_000 }], nowMs: NOW });
  const passed = decisions.flatMap(decision => {
    if (decision.outcome === "launch") return [];
    return [tickReason(decision.outcome === "miss" ? "missed" : "skipped", decision.reason)];
  });
  return [...new Set(passed)];
}

describe("the reason of a tick as a label", () => {
  it.each<[string, readonly string[], Partial<Job>, { pausedAt?: number; skips?: readonly number[] }?]>([
    ["catchUp: none", ["none"], { catchUp: "none" }],
    ["catchUp: latest", ["superseded"], { catchUp: "latest" }],
    ["catchUp: all within a window", ["window"], { catchUp: "all", catchUpWindowMs: 10_000 }],
    ["catchUp: all with a limit", ["limit"], { catchUp: "all", catchUpLimit: 3 }],
    ["a pause", ["paused"], { catchUp: "none" }, { pausedAt: NOW - 60_000 }],
    ["an order to skip", ["skip-next"], {}, { skips: [NOW - 1_000] }],
  ])("is known for what planning says of %s", (_, labels, overrides, more) => {
    expect(plannedReasons(overrides, more)).toEqual(labels);
  });

  it.each([
    ["skipped", "overlap", "overlap"],
    ["skipped", "replaced by a newer tick", "replaced"],
    ["skipped", "the moon is full", "other"],
    ["missed", "older than catchUpWindow 1h30m", "window"],
    ["missed", "overlap", "other"],
    ["launched", "catch-up", "catch-up"],
  ] as const)("of a %s tick with %j is %s, one of a fixed set", (outcome, text, label) => {
    expect(tickReason(outcome, text)).toBe(label);
    expect(TICK_REASONS[outcome]).toContain(label);
  });
});
