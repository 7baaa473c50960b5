import { describe, expect, it } from "vitest";
import { endCell, passCell, readStrip, tickCell } from "../../../src/launch/strip.ts";

const A = "report@20261123T070000Z";
const B = "report@20261123T080000Z";

/** What advance.lua makes of a tick's cell: all times are written alike. */
function launchedCell(run: string, lateMs: number): string {
  return `${tickCell(run)}${endCell(run, "completed", lateMs).slice(-2)}`;
}

describe("a strip", () => {
  it.each<[string, string[], string[]]>([
    ["is empty before anything happened", [], []],
    ["shows a launched run as running", [launchedCell(A, 3)], ["running"]],
    ["shows how a run ended", [launchedCell(A, 3), endCell(A, "completed", 5)], ["completed"]],
    [
      "matches the ends of runs that overlap",
      [launchedCell(A, 3), launchedCell(B, 3), endCell(A, "failed", 5)],
      ["failed", "running"],
    ],
    ["takes the last of several ends", [endCell(A, "failed", 5), endCell(A, "completed", 5)], ["completed"]],
    [
      "takes an end that came before its launch",
      [endCell(A, "completed", 5), launchedCell(A, 3)],
      ["completed"],
    ],
    ["shows ticks without a run", [passCell("skipped"), passCell("missed")], ["skipped", "missed"]],
    [
      "leaves out a run whose end is not known",
      [launchedCell(A, 3), `x${launchedCell(A, 3).slice(1, 7)}--`],
      [],
    ],
    [
      "passes over cells of a later release",
      [passCell("missed"), "q--------", passCell("skipped")],
      ["missed", "skipped"],
    ],
  ])("%s", (_, cells, outcomes) => {
    expect(readStrip(cells.join("")).outcomes).toEqual(outcomes);
  });

  it("shows the last 60, the oldest first", () => {
    const cells = Array.from({ length: 100 }, () => passCell("missed"));
    const { outcomes } = readStrip([...cells, passCell("skipped")].join(""));
    expect(outcomes).toHaveLength(60);
    expect(outcomes.at(-1)).toBe("skipped");
  });

  it.each(["garbage", "c", "\u0000".repeat(30), "r------zz"])("reads %j as no outcome", text => {
    expect(readStrip(text).outcomes).toEqual([]);
  });

  it("says how long runs took and how late they were, to within 0.3%", () => {
    const cells = [0, 1, 2, 10, 999, 60_000, 86_400_000].map((ms, i) => {
      const run = `report@${i}`;
      return launchedCell(run, ms) + endCell(run, "completed", ms);
    });
    for (const cell of cells.slice(0, 4)) {
      const { p50 } = readStrip(cell).durationMs ?? { p50: -1 };
      expect([0, 1, 2, 10]).toContain(p50);
    }
    const { durationMs, lateMs } = readStrip(cells.join(""));
    expect(durationMs).toEqual(lateMs);
    expect(durationMs?.p50).toBe(10);
    expect(Math.abs((durationMs?.p95 ?? 0) / 86_400_000 - 1)).toBeLessThan(0.003);
  });
});
