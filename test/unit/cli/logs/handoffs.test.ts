import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../../../src/cli/log-line.ts";
import { Handoffs } from "../../../../src/cli/logs/handoffs.ts";
import { at, ELECTED, type Line, line, OBSERVED, RESIGNED } from "./lines.ts";

function rowsOf(lines: readonly Line[], job?: string) {
  const handoffs = new Handoffs(job);
  for (const fields of lines) handoffs.add(JSON.parse(line(fields)) as LogRecord);
  return handoffs.rows();
}

const ROW = {
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

describe("a handoff", () => {
  it.each([
    ["the new leader", [ELECTED]],
    ["a follower", [OBSERVED]],
    ["all replicas, in any order", [OBSERVED, ELECTED, RESIGNED, { ...OBSERVED, replica: "d" }]],
    ["one log, given twice", [ELECTED, ELECTED]],
  ])("is one row of the logs of %s", (_title, lines) => {
    expect(rowsOf(lines)).toEqual([ROW]);
  });

  it("has the old leader's own cause where that says more", () => {
    const crashed = { ...ELECTED, reason: "expired", cause: "silent", by: undefined };
    const lost = {
      ...RESIGNED,
      event: "leader.lost",
      reason: "expired",
      cause: "frozen",
      time: at("08:00:00.000"),
    };
    expect(rowsOf([crashed, lost])).toMatchObject([{ cause: "silent", ownCause: "frozen" }]);
    expect(rowsOf([crashed, { ...lost, replica: "z" }])).toMatchObject([{ ownCause: null }]);
  });

  it("is told apart from one of another namespace, and from one before Redis was emptied", () => {
    const rows = rowsOf([
      ELECTED,
      { ...ELECTED, namespace: "other" },
      { ...ELECTED, at: at("08:00:00.000") },
    ]);
    expect(rows.map(row => [row.namespace, row.at])).toEqual([
      ["shop", at("07:54:05.369")],
      ["other", at("07:54:05.369")],
      ["shop", at("08:00:00.000")],
    ]);
  });

  it("is open when no log has a leader after the end of the newest term", () => {
    const end = {
      ...RESIGNED,
      replica: "b",
      term: 5,
      cause: "shutdown",
      by: undefined,
      at: at("08:00:00.000"),
    };
    const open = { ...ROW, at: at("08:00:00.000"), previous: "b", leader: null, term: null, vacantMs: null };
    expect(rowsOf([RESIGNED, ELECTED, end])).toEqual([
      ROW,
      { ...open, reason: "stepdown", cause: "shutdown", by: null },
    ]);
    expect(rowsOf([RESIGNED, end])).toHaveLength(1);
  });

  it("of a program from outside is one row, whenever each replica saw it", () => {
    const outside = { event: "leader.observed", leader: "etcdctl", term: 0 };
    expect(rowsOf([outside, { ...outside, replica: "b", time: at("08:00:00.000") }])).toMatchObject([
      { leader: "etcdctl", term: 0, previous: null, vacantMs: null },
    ]);
  });
});

describe("late ticks", () => {
  const crash: Line = { ...ELECTED, vacantMs: 500 };
  const launch = (run: string, time: string, lateMs: number, more: Line = {}): Line => ({
    event: "tick.launched",
    replica: "b",
    term: 5,
    job: "report",
    run,
    lateMs,
    time: at(time),
    ...more,
  });
  const during = launch("r1", "07:54:05.400", 400);
  const lines = [
    crash,
    during,
    launch("r2", "07:54:05.380", 31, { job: "import" }),
    launch("r3, due after it led", "07:54:06.000", 2),
    launch("r4, of a backlog from before", "07:54:05.400", 60_000),
    launch("r5, of another leader", "07:54:05.400", 400, { replica: "a" }),
    launch("r6, of another term", "07:54:05.400", 400, { term: 4 }),
  ];

  it("are those that were due while there was no leader", () => {
    expect(rowsOf(lines)).toMatchObject([{ lateTicks: 2, maxLateMs: 400 }]);
  });

  it("do not depend on the order of the lines, nor on lines that are there twice", () => {
    expect(rowsOf([...lines.toReversed(), ...lines])).toMatchObject([{ lateTicks: 2, maxLateMs: 400 }]);
  });

  it("do not depend on the clock of the leader's machine", () => {
    const ahead = lines.map(fields => ({ ...fields, time: String(fields["time"]).replace("T07", "T09") }));
    expect(rowsOf(ahead)).toMatchObject([{ lateTicks: 2 }]);
  });

  it("are those of one job, if only that is asked for", () => {
    expect(rowsOf(lines, "import")).toMatchObject([{ lateTicks: 1, maxLateMs: 31 }]);
    expect(rowsOf(lines, "none")).toMatchObject([{ lateTicks: 0, maxLateMs: null }]);
  });

  it("are unknown when the leader's launches are not in the logs", () => {
    expect(rowsOf([{ ...OBSERVED }, launch("r", "07:54:05.400", 400, { term: 4 })])).toMatchObject([
      { lateTicks: null },
    ]);
  });
});

it.each([
  [{ ...ELECTED, term: "5" }],
  [{ ...ELECTED, at: "x", time: "y" }],
  [{ event: "leader.elected", term: 1e300, at: {} }],
  [{ ...RESIGNED, replica: { toString: 1 }, term: -1 }],
  [{ event: "tick.launched", term: 1, run: 5, lateMs: "x" }],
])("accepts fields of other types: %j", fields => {
  expect(() => rowsOf([fields, ELECTED])).not.toThrow();
});
