import { expect, it } from "vitest";
import { z } from "zod";
import { storedInstant, storedJson, storedNumber } from "../../../src/redis/stored-value.ts";

it.each([
  ["0", 0],
  ["-12", -12],
  ["1764000000000", 1_764_000_000_000],
  ["1.25", 1.25],
  ["", null],
  [" 1", null],
  ["1e3", null],
  ["0x10", null],
  ["NaN", null],
  ["Infinity", null],
  ["9".repeat(400), null],
  [null, null],
])("reads the number that %j holds as %j", (value, number) => {
  expect(storedNumber(value)).toBe(number);
});

it("takes no number for an instant that is none", () => {
  expect(storedInstant("8640000000000000")).toBe(8.64e15);
  expect(storedInstant("8640000000000001")).toBe(null);
});

it("reads JSON of the schema, and nothing else", () => {
  const schema = z.object({ opening: z.string() });
  expect(storedJson('{"opening":"a"}', schema)).toEqual({ opening: "a" });
  for (const other of ['{"opening":1}', "{", "", null]) expect(storedJson(other, schema)).toBe(null);
});
