import { expect, it } from "vitest";
import { Unanswered } from "../../../src/launch/unanswered.ts";
import type { Decision } from "../../../src/schedule/decision.ts";

const FENCE = "1:t";

function launches(job: string, ...ticks: number[]): Decision[] {
  return ticks.map(tickAtMs => ({ outcome: "launched", job, tickAtMs, kind: "scheduled" }));
}

function setup() {
  const unanswered = new Unanswered();
  const send = (...decisions: readonly Decision[]) =>
    unanswered.send({ fence: FENCE, nowMs: 100 * decisions.length, decisions });
  const find = (cursors: Record<string, number>, fence = FENCE) =>
    unanswered
      .find(fence, lane => cursors[lane])
      .flatMap(({ decided, nowMs }) => {
        return decided.map(({ job, tickAtMs, outcome }) => [job, tickAtMs, outcome, nowMs]);
      });
  return { unanswered, send, find };
}

it("finds, once, what the cursors have reached, with the time at which it was sent", () => {
  const { send, find } = setup();
  send(
    ...launches("a", 1, 2),
    { outcome: "skipped", job: "b", tickAtMs: 5, reason: { code: "overlap" } },
    ...launches("c", 9),
  );
  const found = [
    ["a", 1, "launched", 400],
    ["a", 2, "launched", 400],
    ["b", 5, "skipped", 400],
  ];
  expect(find({ a: 2, b: 5, c: 8 })).toEqual(found);
  expect(find({ a: 2, b: 5, c: 8 })).toEqual([]);
});

it("names the transaction that was carried out where several were sent, and one that arrives late", () => {
  const { send, find } = setup();
  send(...launches("a", 1, 2));
  expect(find({ a: 0 })).toEqual([]);
  send({
    outcome: "missed",
    job: "a",
    tickAtMs: 3,
    fromAtMs: 1,
    count: 3,
    reason: { code: "catch_up_none" },
  });
  expect(find({ a: 2 })).toEqual([
    ["a", 1, "launched", 200],
    ["a", 2, "launched", 200],
  ]);
});

it("forgets what was answered, and what a later transaction decided", () => {
  const { send, find } = setup();
  send(...launches("a", 1));
  const answered = send(...launches("a", 1));
  answered(launches("a", 1));
  expect(find({ a: 1 })).toEqual([]);
});

it("does not report in another term: its leader may have decided these ticks", () => {
  const { send, find } = setup();
  send(...launches("a", 1));
  expect(find({ a: 1 }, "2:t")).toEqual([]);
  expect(find({ a: 1 })).toEqual([]);
});
