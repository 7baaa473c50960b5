import { describe, expect, it } from "vitest";
import { planBackfill } from "../../../src/operator/plan-backfill.ts";
import { jobOf } from "../../support/jobs.ts";

const FROM = Date.UTC(2026, 10, 23, 7);
const MINUTE = 60_000;
const MINUTELY = jobOf("report", {}, { everyMs: MINUTE });

describe("the ticks of a backfill", () => {
  it("are those of the range, both ends included", () => {
    expect(planBackfill(MINUTELY, FROM, FROM + 2 * MINUTE, 3)).toEqual({
      outcome: "planned",
      ticks: [FROM, FROM + MINUTE, FROM + 2 * MINUTE],
    });
  });

  it("are none where no tick lies in the range", () => {
    expect(planBackfill(MINUTELY, FROM + 1, FROM + MINUTE - 1, 3)).toEqual({ outcome: "empty" });
  });

  it("are counted where they are more than the limit", () => {
    const planned = planBackfill(MINUTELY, FROM, FROM + 3 * MINUTE, 3);
    expect(planned).toEqual({ outcome: "too many", count: 4, isExact: true });
  });
});
