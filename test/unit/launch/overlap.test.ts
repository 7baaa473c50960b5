import { expect, it } from "vitest";
import { applyOverlap } from "../../../src/launch/overlap.ts";
import type { Decision } from "../../../src/schedule/decision.ts";

const RUN = {
  state: "unfinished",
  run: "report@manual-1",
  sinceMs: 0,
  endedMs: Number.POSITIVE_INFINITY,
} as const;

it("decides no later tick of a job before one that waits: that one would be lost", () => {
  const plan: readonly Decision[] = [
    { outcome: "launched", job: "report", tickAtMs: 1_000, kind: "scheduled" },
    { outcome: "skipped", job: "report", tickAtMs: 2_000, reason: { code: "skip_next" } },
    { outcome: "launched", job: "other", tickAtMs: 2_000, kind: "scheduled" },
  ];
  const { decisions, held } = applyOverlap(plan, () => "queue", new Map([["report", RUN]]));
  expect(decisions).toEqual(plan.slice(2));
  expect(held).toEqual(new Map([["report", RUN]]));
});
