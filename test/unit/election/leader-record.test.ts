import { describe, expect, it } from "vitest";
import { beginningOf, tellBeginning } from "../../../src/election/leader-record.ts";

const CAUSE = '{"cause":"shutdown"}';

describe("how a term began, as the record in Redis says", () => {
  it.each(["vacant", "resigned", "crashed", "expired", "handed-over"])(
    "is shown with the reason %s",
    reason => {
      const began = beginningOf(reason, "replica-1", 4, CAUSE);
      expect(began).toEqual({
        reason,
        previous: "replica-1",
        vacantMs: 4,
        cause: { cause: "shutdown" },
      });
      expect(began && tellBeginning(began, 0)).toMatchObject({
        reason,
        reasonCode: reason.replace("-", "_"),
      });
    },
  );

  it.each(["", "two words", "x".repeat(51), "<b>"])("is not known where another program wrote %j", reason => {
    expect(beginningOf(reason, "replica-1", 4, CAUSE)).toBeUndefined();
  });
});
