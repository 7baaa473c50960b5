import { expect, test } from "vitest";
import { readStamp } from "../../../src/worker/tick-stamp.ts";

const ADDED = Date.parse("2026-11-23T07:00:01Z");
const TICK = new Date("2026-11-23T07:00:00Z");
const manual = { tick: new Date(ADDED), kind: "manual", term: 0 };

test.each([
  {
    name: "a launched run",
    raw: { a: 1, _tick: { at: "2026-11-23T07:00:00.000Z", kind: "catch-up", term: 3 } },
    expected: { data: { a: 1 }, tick: TICK, kind: "catch-up", term: 3 },
  },
  { name: "no stamp", raw: { a: 1 }, expected: { data: { a: 1 }, ...manual } },
  {
    name: "a stamp that is no object",
    raw: { a: 1, _tick: "soon" },
    expected: { data: { a: 1 }, ...manual },
  },
  {
    name: "a stamp of nonsense",
    raw: { _tick: { at: "soon", kind: "sometimes", term: "x" } },
    expected: { data: {}, ...manual },
  },
  { name: "data that is no object", raw: [1, 2], expected: { data: [1, 2], ...manual } },
  { name: "no data", raw: null, expected: { data: null, ...manual } },
])("reads $name", ({ raw, expected }) => {
  expect(readStamp(raw, ADDED)).toEqual(expected);
});
