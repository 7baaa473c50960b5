import { describe, expect, it } from "vitest";
import type { HandoffEvidence } from "../../chaos/judge/evidence.ts";
import { handoffLines } from "../../chaos/judge/handoff-lines.ts";
import type { LogLine } from "../../support/replica-process.ts";

const FIRST = {
  leader: "a",
  term: 1,
  previous: null,
  reason: "vacant",
  cause: "first",
  vacantMs: null,
  at: "2026-11-23T07:00:00.000Z",
};
const SECOND = {
  leader: "b",
  term: 2,
  previous: "a",
  reason: "resigned",
  cause: "stepdown",
  by: "ann",
  vacantMs: 4,
  at: "2026-11-23T07:00:10.004Z",
};

function line(event: string, replica: string, fields: object): LogLine {
  return { event, replica, level: "info", ...fields };
}

const RESIGNED = {
  term: 1,
  reason: "stepdown",
  cause: "stepdown",
  by: "ann",
  at: "2026-11-23T07:00:10.000Z",
};

const GOOD: readonly LogLine[] = [
  line("leader.elected", "a", FIRST),
  line("leader.observed", "b", FIRST),
  line("leader.observed", "c", FIRST),
  line("leader.elected", "b", SECOND),
  line("leader.resigned", "a", RESIGNED),
  line("leader.observed", "c", SECOND),
  line("leader.observed", "a", SECOND),
];

/** The good lines, with one of them changed. */
function but(index: number, fields: object): HandoffEvidence {
  return { lines: GOOD.map((one, i) => (i === index ? { ...one, ...fields } : one)) };
}

function what(evidence: HandoffEvidence): string[] {
  return handoffLines(evidence).map(violation => violation.what);
}

describe("the lines of handoffs", () => {
  it("hold when each log tells each handoff whole, and all say the same", () => {
    expect(what({ lines: GOOD, alive: ["a", "b", "c"] })).toEqual([]);
  });

  it("are in the order of the store's time only while that is not set", () => {
    const evidence = but(4, { at: "2026-11-23T07:00:11.000Z" });
    const stepAtMs = Date.parse("2026-11-23T07:00:12.000Z");
    const isSet = { fromMs: stepAtMs - 2_000, untilMs: stepAtMs };
    expect(handoffLines(evidence, [isSet])).toEqual([]);
    expect(handoffLines(evidence, [{ fromMs: stepAtMs, untilMs: stepAtMs + 2_000 }])).toHaveLength(1);
  });

  it("need not tell a holder from outside", () => {
    expect(what({ lines: [...GOOD, line("leader.observed", "c", { leader: "me", term: 0 })] })).toEqual([]);
  });

  it("need no connection of the leader's workers", () => {
    expect(what(withoutConnection({ connection: "worker" }))).toEqual([]);
  });

  it.each<[string, HandoffEvidence, RegExp]>([
    ["another leader", but(5, { leader: "x" }), /says leader b, .* says x/],
    ["another vacancy", but(6, { vacantMs: 9 }), /says vacantMs 4, .* says 9/],
    ["another operator", but(5, { by: "bob" }), /says by ann, .* says bob/],
    ["another previous leader", { lines: GOOD.map(previousIsC) }, /says that c led before, and it was a/],
    [
      "a cause that is not the old leader's",
      but(4, { cause: "shutdown" }),
      /says shutdown, .* says stepdown/,
    ],
    ["an end after the next beginning", but(4, { at: "2026-11-23T07:00:11.000Z" }), /is of 2026/],
    ["an end without a cause", but(4, { cause: undefined }), /leader.resigned of term 1 from a has no cause/],
    ["a replica that follows itself", but(6, { replica: "b" }), /follows itself/],
    [
      "a replica that missed the newest term",
      { lines: GOOD.slice(0, -1), alive: ["a", "c"] },
      /a tells of term 1 last/,
    ],
    ["an election before the connection", withoutConnection({}), /comes before redis.connected/],
    [
      "an election before the connection that launches",
      withoutConnection({ connection: "launch" }),
      /comes before redis.connected/,
    ],
    [
      "an election before the connection of its lease",
      withoutConnection({ connection: "lease" }),
      /comes before redis.connected/,
    ],
  ])("do not hold with %s", (_, evidence, expected) => {
    expect(what(evidence).join("\n")).toMatch(expected);
  });

  it("hold where connections that leading does not need are back within five seconds of the election", () => {
    const electedAtMs = Date.UTC(2026, 10, 23, 7);
    const backAfter = (ms: number) => {
      const lines = withoutConnection({}).lines.map((one): LogLine => {
        if (one.event === "leader.elected") return { ...one, time: new Date(electedAtMs).toISOString() };
        if (one.event !== "redis.connected") return one;
        return { ...one, time: new Date(electedAtMs + ms).toISOString() };
      });
      return what({ lines });
    };
    expect(backAfter(4_000)).toEqual([]);
    expect(backAfter(6_000)).toEqual([expect.stringContaining("comes before redis.connected")]);
  });

  it("do not hold in a log from before there were causes", () => {
    const old = GOOD.map(({ cause: _, at: __, by: ___, ...rest }): LogLine => {
      if (rest.event !== "leader.observed") return rest;
      return line(rest.event, rest.replica, { leader: rest["leader"], term: rest["term"] });
    });
    expect(what({ lines: old })).toEqual(
      expect.arrayContaining([
        "leader.elected of term 2 from b has no cause, at",
        "leader.observed of term 2 from c has no previous, reason, cause, vacantMs, at",
        "leader.resigned of term 1 from a has no cause, at",
      ]),
    );
  });
});

/** The good lines, where the second leader is elected between an outage of a connection and its end. */
function withoutConnection(about: object): HandoffEvidence {
  return { lines: [line("redis.unreachable", "b", about), ...GOOD, line("redis.connected", "b", {})] };
}

function previousIsC(one: LogLine): LogLine {
  return one["term"] === 2 ? { ...one, previous: "c" } : one;
}
