import { expect, it } from "vitest";
import { renderHandoffs } from "../../../../src/cli/logs/handoff-table.ts";
import type { Handoff } from "../../../../src/cli/logs/handoffs.ts";
import { TERM_CAUSES } from "../../../../src/reasons.ts";
import { at } from "./lines.ts";

const ROW: Handoff = {
  namespace: "shop",
  at: at("07:54:05.369"),
  previous: "a",
  leader: "b",
  term: 5,
  reason: "resigned",
  cause: "stepdown",
  ownCause: null,
  by: "ann",
  error: null,
  vacantMs: 3,
  lateTicks: null,
  maxLateMs: null,
};

function cells(rows: readonly Partial<Handoff>[]): string[][] {
  const table = renderHandoffs(rows.map(row => ({ ...ROW, ...row })));
  return table
    .trimEnd()
    .split("\n")
    .map(row => row.split(/ {2,}/));
}

it("says in words what happened", () => {
  expect(cells([{}])).toEqual([
    ["AT (UTC)", "TERM", "FROM", "TO", "NO LEADER", "WHY"],
    [
      at("07:54:05.369"),
      "5",
      "a",
      "b",
      "3 ms",
      "an operator asked for another leader: ann (resigned, stepdown)",
    ],
  ]);
});

it.each<[string, Partial<Handoff>, string]>([
  [
    "the words of the old leader",
    { reason: "expired", cause: "silent", ownCause: "frozen", by: null },
    "the leader was frozen, or its event loop was blocked (expired, silent, frozen by its own log)",
  ],
  [
    "the store's error",
    { reason: "expired", cause: "store-away", by: null, error: "OOM" },
    "the store gave no answer: OOM (expired, store-away)",
  ],
  ["a cause of a later release", { cause: "moon", by: null }, "the logs do not say why (resigned, moon)"],
  ["no cause", { reason: null, cause: null, by: null }, "the logs do not say why"],
  ["a holder from outside", { term: 0 }, "a program from outside holds the election"],
])("shows %s", (_title, row, why) => {
  expect(cells([row])[1]?.at(-1)).toBe(why);
});

it("has words for each cause", () => {
  for (const cause of TERM_CAUSES) expect(cells([{ cause }])[1]?.at(-1)).not.toContain("do not say");
});

it.each([
  [84, "84 ms"],
  [1_240, "1.2 s"],
  [59_960, "60.0 s"],
  [123_400, "2m3s"],
  [null, "?"],
])("shows %s ms without a leader as %s", (vacantMs, shown) => {
  expect(cells([{ vacantMs }])[1]?.[4]).toBe(shown);
});

it("has late ticks where launches are logged, and namespaces where there are several", () => {
  const rows = cells([
    { lateTicks: 12, maxLateMs: 4_200 },
    { lateTicks: 0, namespace: "other" },
    { lateTicks: null },
  ]);
  expect(rows[0]).toEqual(["AT (UTC)", "NAMESPACE", "TERM", "FROM", "TO", "NO LEADER", "LATE TICKS", "WHY"]);
  expect(rows.slice(1).map(row => row[6])).toEqual(["12, up to 4.2 s", "0", "?"]);
});

it("says that the first leader had none before it, and that the logs end without one", () => {
  const first = { previous: null, vacantMs: null, reason: "vacant", cause: "first", by: null };
  const open = { leader: null, term: null, vacantMs: null, reason: "shutdown", cause: "shutdown", by: null };
  const table = renderHandoffs([
    { ...ROW, ...first },
    { ...ROW, ...open },
  ]);
  expect(table).toMatch(/5 +\(none\) +b +no leader was on record \(vacant, first\)\n/);
  expect(table).toMatch(/ a +\(not in the logs\) +\? +the leader was stopped \(shutdown\)\n/);
});

it("is steered by nothing in a log", () => {
  expect(renderHandoffs([{ ...ROW, leader: "\u001b[2J", error: "a\u202e" }])).toMatch(
    /\\u001b\[2J.*a\\u202e/,
  );
});
