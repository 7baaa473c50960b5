import { expect, it } from "vitest";
import { inOrderOfTime } from "../../chaos/launch-record.ts";

const entries = (...ids: readonly string[]) => ids.map(id => ({ id }));

it("puts the entries of several streams in the order of time", () => {
  const streams = [entries("1000-0", "3000-0", "3000-1"), entries("2000-0", "4000-0")];
  expect(inOrderOfTime(streams).map(({ id }) => id)).toEqual([
    "1000-0",
    "2000-0",
    "3000-0",
    "3000-1",
    "4000-0",
  ]);
});

it("keeps the order of a stream that was deleted while the clock of Redis was ahead", () => {
  const swept = entries("1000-0", "5000-0", "3000-0", "3000-1", "6000-0");
  const other = entries("2000-0", "5500-0");
  const ordered = inOrderOfTime([swept, other]);
  expect(ordered.filter(entry => swept.includes(entry))).toEqual(swept);
  expect(ordered.map(({ id }) => id).indexOf("2000-0")).toBe(1);
});
