import { expect, it } from "vitest";
import { dataLossOf, type Lost } from "../../../src/alarm/data-loss.ts";
import type { Memory } from "../../../src/launch/memory.ts";

const KNOWN: Memory = {
  lineage: "one",
  beat: 40,
  term: 7,
  version: 5,
  generation: 3,
  hasCursors: true,
  controls: new Map([
    ["pause:report", "1000 ann"],
    ["skip:import", "2000,3000"],
  ]),
  counts: new Map([["promo", "2"]]),
};
const NOTHING: Memory = {
  lineage: "",
  beat: 0,
  term: 0,
  version: 0,
  generation: -1,
  hasCursors: false,
  controls: new Map(),
  counts: new Map(),
};
const ALL: readonly Lost[] = ["terms", "pauses", "skips", "cursors", "counts", "generation"];

it.each<[string, Memory, Memory, ReturnType<typeof dataLossOf>]>([
  ["the same", KNOWN, KNOWN, null],
  ["more of everything", KNOWN, { ...KNOWN, beat: 41, term: 8, version: 6, generation: 4 }, null],
  ["a pause that was ended", KNOWN, { ...KNOWN, version: 6, controls: new Map() }, null],
  ["a job that was retired", KNOWN, { ...KNOWN, counts: new Map() }, null],
  ["a floor that a person took away", KNOWN, { ...KNOWN, generation: -1 }, null],
  ["nothing where nothing was", NOTHING, NOTHING, null],
  ["the first leader", NOTHING, KNOWN, null],
  ["a lineage that an upgraded leader named", { ...KNOWN, lineage: "", beat: 0 }, KNOWN, null],
  ["an empty namespace", KNOWN, NOTHING, { found: "empty", lost: ALL }],
  [
    "an empty namespace, after a leader that named no lineage",
    { ...KNOWN, lineage: "", beat: 0 },
    NOTHING,
    { found: "empty", lost: ALL },
  ],
  [
    "a namespace that has begun anew",
    KNOWN,
    { ...NOTHING, lineage: "two", hasCursors: true, term: 8 },
    { found: "other", lost: ALL },
  ],
  [
    "a loss that another replica put back",
    KNOWN,
    { ...KNOWN, lineage: "two" },
    { found: "other", lost: ["terms", "cursors"] },
  ],
  ["an older term", KNOWN, { ...KNOWN, term: 6 }, { found: "older", lost: ["terms"] }],
  ["older launches", KNOWN, { ...KNOWN, beat: 39 }, { found: "older", lost: ["cursors"] }],
  [
    "older controls without a pause",
    KNOWN,
    { ...KNOWN, version: 4, controls: new Map([["skip:import", "2000,3000"]]) },
    { found: "older", lost: ["pauses"] },
  ],
  [
    "older controls with one tick less to skip",
    KNOWN,
    { ...KNOWN, version: 4, controls: new Map([...KNOWN.controls, ["skip:import", "2000"]]) },
    { found: "older", lost: ["skips"] },
  ],
  [
    "older controls, with a pause that had been ended",
    { ...KNOWN, controls: new Map() },
    { ...KNOWN, version: 4 },
    { found: "older", lost: ["resumes"] },
  ],
])("finds %s", (_, before, now, loss) => {
  expect(dataLossOf(before, now)).toEqual(loss);
});
