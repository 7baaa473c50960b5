import { describe, expect, it } from "vitest";
import { commitOutcomeOf } from "../../../src/launch/commit.ts";
import type { SentTransaction } from "../../../src/launch/launch-transaction.ts";
import type { Decision } from "../../../src/schedule/decision.ts";

const launch = (job: string, tickAtMs: number): Decision => {
  return { outcome: "launched", job, tickAtMs, kind: "scheduled" };
};
const SENT: readonly Decision[] = [
  launch("a", 1_000),
  { outcome: "skipped", job: "b", tickAtMs: 1_000, reason: { code: "paused" } },
  launch("c", 1_000),
];
const NOTHING = { held: new Map(), unmade: new Map() };

function outcomeOf(sent: Partial<SentTransaction>, beside = NOTHING) {
  return commitOutcomeOf(SENT, { outcomes: [], refused: null, whys: [], ...sent }, beside);
}

describe("what became of a commit", () => {
  it("is nothing when the transaction was void", () => {
    expect(commitOutcomeOf(SENT, null, NOTHING)).toEqual({ outcome: "moved" });
  });

  it("is every decision when all of it was carried out", () => {
    const outcome = outcomeOf({ outcomes: ["launched", "skipped", "launched"] });
    expect(outcome).toMatchObject({ decided: SENT, refused: null, failed: new Map() });
  });

  it("leaves out a job whose run was not added, and says why", () => {
    const outcome = outcomeOf({ outcomes: ["failed", "skipped", "launched"], whys: ["too large"] });
    expect(outcome).toMatchObject({ decided: SENT.slice(1), failed: new Map([["a", "too large"]]) });
  });

  it("has the transaction's reason where a run has none of its own", () => {
    const outcome = outcomeOf({ outcomes: ["failed", "skipped", "failed"], refused: "OOM" });
    expect(outcome).toMatchObject({
      decided: SENT.slice(1, 2),
      refused: "OOM",
      failed: new Map([
        ["a", "OOM"],
        ["c", "OOM"],
      ]),
    });
  });

  it("counts a run that could not be made as not added", () => {
    const beside = { ...NOTHING, unmade: new Map([["big", "no JSON"]]) };
    const outcome = outcomeOf({ outcomes: ["launched", "skipped", "launched"] }, beside);
    expect(outcome).toMatchObject({
      decided: SENT,
      refused: "no JSON",
      failed: new Map([["big", "no JSON"]]),
    });
  });
});
