import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { endCell, launchCell, readStrip, tickCell } from "../../src/launch/strip.ts";
import { test } from "../support/fixtures.ts";

const LUA = path.resolve(import.meta.dirname, "../../src/redis/strips.lua");
/** A cell for each three arguments: what, run, milliseconds ('' where that is not known). */
const CELLS = `
local cells = {}
for i = 1, #ARGV, 3 do table.insert(cells, cell_of(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]))) end
return table.concat(cells)`;

const step = fc.record({
  what: fc.constantFrom("r", "c", "f"),
  run: fc.constantFrom("a@1", "a@2", "b@20261123T070000Z", "Grüße@manual-1"),
  ms: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 100_000 }), fc.nat({ max: 4_000_000_000 })),
  isKnown: fc.boolean(),
});

test("scripts and code write the same cells of a strip, whatever happens in which order", async ({
  connect,
}) => {
  const redis = await connect("plain");
  const script = `${await readFile(LUA, "utf8")}${CELLS}`;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 100 }), async steps => {
      const args = steps.flatMap(({ what, run, ms, isKnown }) => [
        what,
        run,
        what === "r" && !isKnown ? "" : String(ms),
      ]);
      const written = String(await redis.eval(script, 0, ...args));
      const own = steps.map(({ what, run, ms, isKnown }) =>
        what === "r"
          ? isKnown
            ? `${tickCell(run)}${endCell(run, "completed", ms).slice(-2)}`
            : launchCell(run)
          : endCell(run, what === "f" ? "failed" : "completed", ms),
      );
      expect(written).toBe(own.join(""));
      expect(readStrip(written)).toEqual(readStrip(own.join("")));
    }),
    { numRuns: 200 },
  );
});
