import { describe, expect, it } from "vitest";
import { manualRunId, runIdOf } from "../../../src/launch/run-id.ts";

describe("run ids", () => {
  it.each([
    ["a whole second", Date.UTC(2026, 10, 23, 7), "report@20261123T070000Z"],
    [
      "milliseconds only where the tick has them",
      Date.UTC(2026, 10, 23, 7, 0, 0, 250),
      "report@20261123T070000.250Z",
    ],
  ])("name job and tick: %s", (_, tickAtMs, id) => {
    expect(runIdOf("report", tickAtMs)).toBe(id);
  });

  it("name the request of a run that an operator asked for", () => {
    expect(manualRunId("report", "0123456789ab")).toBe("report@manual-0123456789ab");
  });
});
