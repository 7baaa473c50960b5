import { describe, expect, it } from "vitest";
import { parseInstant } from "../../../src/cli/instant.ts";

describe("parseInstant", () => {
  it.each([
    ["2026-12-24", "2026-12-24T00:00:00.000Z"],
    ["2026-12-24T18:00Z", "2026-12-24T18:00:00.000Z"],
    ["2026-12-24T18:00:00.250+01:00", "2026-12-24T17:00:00.250Z"],
  ])("reads %s", (text, iso) => {
    expect(new Date(parseInstant("--from", text)).toISOString()).toBe(iso);
  });

  it.each([
    "yesterday",
    "2026",
    "2026-02-30",
    "2026-13-01",
    "2026-12-24T25:00Z",
    "1735689600000",
    "2026-12-24T18:00",
    "",
  ])("refuses %j", text => {
    expect(() => parseInstant("--from", text)).toThrow(
      `--from ${text}: expected an instant like 2026-12-24T18:00:00Z`,
    );
  });
});
