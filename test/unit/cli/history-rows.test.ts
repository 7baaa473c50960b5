import { expect, it } from "vitest";
import { FollowedRows } from "../../../src/cli/history-rows.ts";
import type { HistoryRow } from "../../../src/launch/read-history.ts";

const launched = (second: number, result?: HistoryRow["result"]): HistoryRow => ({
  tick: `2026-11-23T07:00:0${second}.000Z`,
  outcome: "launched",
  kind: "scheduled",
  term: 1,
  lateMs: 2,
  run: `a@${second}`,
  ...(result !== undefined && { result }),
});

it("takes each row once, and again when its run has ended, oldest first", () => {
  const rows = new FollowedRows();
  expect(rows.take([launched(2), launched(1)])).toEqual([launched(1), launched(2)]);
  expect(rows.take([launched(2), launched(1)])).toEqual([]);
  expect(rows.take([launched(3), launched(2, "failed"), launched(1)])).toEqual([
    launched(2, "failed"),
    launched(3),
  ]);
  expect(rows.take([launched(3), launched(2, "failed")])).toEqual([]);
});
