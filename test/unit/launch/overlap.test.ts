import { describe, expect, it } from "vitest";
import type { Overlap } from "../../../src/config/config.ts";
import { applyOverlap } from "../../../src/launch/overlap.ts";
import type { NewestRun } from "../../../src/launch/unfinished.ts";
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
  const { decisions, held } = applyOverlap(plan, () => ({ overlap: "queue" }), new Map([["report", RUN]]));
  expect(decisions).toEqual(plan.slice(2));
  expect(held).toEqual(new Map([["report", RUN]]));
});

describe("a launch beside an unfinished run", () => {
  const plan: readonly Decision[] = [
    { outcome: "launched", job: "report", tickAtMs: 1_000, kind: "scheduled" },
    { outcome: "launched", job: "report", tickAtMs: 2_000, kind: "scheduled" },
  ];
  const apply = (overlap: Overlap, newest: Partial<NewestRun> = {}) => {
    return applyOverlap(plan, () => ({ overlap }), new Map([["report", { ...RUN, ...newest }]]));
  };

  it("stays one with overlap allow", () => {
    expect(apply("allow")).toEqual({ decisions: plan, held: new Map() });
  });

  it("becomes a skip with overlap skip, with the run that is in the way", () => {
    const skipped = { outcome: "skipped", reason: { code: "overlap" }, blockedBy: RUN.run };
    expect(apply("skip").decisions).toMatchObject([skipped, skipped]);
  });

  it.each(["finished", "removed"] as const)(
    "is one where that run is %s, and then in the way of the next",
    state => {
      const { decisions } = apply("skip", { state });
      expect(decisions[0]).toBe(plan[0]);
      expect(decisions[1]).toMatchObject({ outcome: "skipped", blockedBy: "report@19700101T000001Z" });
    },
  );
});
