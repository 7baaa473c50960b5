import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../src/config/schemas/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["250ms", 250],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["90s", 90_000],
    ["1d2h3m4s5ms", 93_784_005],
  ])("reads %s as %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "10", "s", "10 s", "1.5h", "-1h", "30m1h", "1h1h", "10S", "1w", "10s ", "99999999999999999d"])(
    "refuses %j",
    text => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it("reads back whatever formatDuration writes", () => {
    const anyDuration = fc.nat({ max: 400 * 86_400_000 });
    fc.assert(fc.property(anyDuration, ms => parseDuration(formatDuration(ms)) === ms));
  });
});
