import { expect, it } from "vitest";
import { DueLanes } from "../../../src/leader/due-lanes.ts";
import { WaitingLanes } from "../../../src/leader/waiting-lanes.ts";
import type { Plan } from "../../../src/schedule/plan.ts";
import { jobOf } from "../../support/jobs.ts";

const NOW = 1_000_000;

function setup(...names: readonly string[]) {
  const waiting = new WaitingLanes(new Map());
  const lanes = new DueLanes(names, waiting);
  const planOf = (parts: Partial<Plan>): Plan => {
    return { decisions: [], nextDue: new Map(), left: [], cut: [], complete: true, ...parts };
  };
  const putBack = (nextDue: Readonly<Record<string, number | null>>, cut: readonly string[] = []) => {
    lanes.putBack(planOf({ nextDue: new Map(Object.entries(nextDue)), cut }));
  };
  const putLeft = (...left: readonly string[]) => lanes.putLeft(planOf({ left }));
  return { waiting, lanes, putBack, putLeft };
}

it("takes each lane when it is due, and none twice", () => {
  const { lanes, putBack } = setup("a", "b", "c");
  expect(lanes.takeDue(NOW).toSorted()).toEqual(["a", "b", "c"]);
  expect(lanes.takeDue(NOW)).toEqual([]);
  putBack({ a: NOW + 1, b: NOW, c: null });
  expect(lanes.takeDue(NOW)).toEqual(["b"]);
  expect(lanes.nextDueMs).toBe(NOW + 1);
});

it("takes lanes that a plan has cut behind those that are due", () => {
  const { lanes, putBack } = setup("a", "b");
  lanes.takeDue(NOW);
  putBack({ a: NOW, b: NOW - 60_000 }, ["b"]);
  expect(lanes.takeDue(NOW)).toEqual(["a"]);
  expect([lanes.hasLate, lanes.takeLate(1), lanes.hasLate]).toEqual([true, ["b"], false]);
});

it("holds a lane whose run has not ended until its next tick is due, or the run has ended", () => {
  const { waiting, lanes, putBack } = setup("a");
  lanes.takeDue(NOW);
  waiting.hold("a", { run: "a@1", sinceMs: NOW }, NOW);
  putBack({ a: NOW + 500 });
  expect(lanes.takeDue(NOW)).toEqual([]);
  expect(lanes.takeDue(NOW + 500)).toEqual(["a"]);
  putBack({ a: NOW + 1_500 });
  lanes.putDue(waiting.takeFree([jobOf("a")], new Map(), { fromMs: NOW + 600, untilMs: NOW + 600 }));
  expect(lanes.takeDue(NOW + 600)).toEqual(["a"]);
});

it("takes ahead what is known before, and says whether it had to leave a lane", () => {
  const { lanes, putBack } = setup("a", "b", "c");
  lanes.takeDue(NOW);
  putBack({ a: NOW + 8, b: NOW + 9, c: NOW + 10 });
  const isKnown = (lane: string) => lane !== "b";
  expect(lanes.takeAhead(NOW + 10, NOW + 10, isKnown)).toEqual({ taken: ["a", "c"], isAll: false });
  expect(lanes.takeDue(NOW + 9)).toEqual([]);
  putBack({ a: NOW + 8 });
  expect(lanes.takeAhead(NOW + 10, Number.NEGATIVE_INFINITY, isKnown)).toEqual({
    taken: ["a"],
    isAll: false,
  });
  putBack({ a: NOW + 8, c: NOW + 60_000 });
  expect(lanes.takeDue(NOW + 10)).toEqual(["b", "a"]);
  putBack({ a: NOW + 8, b: NOW + 9 });
  expect(lanes.takeAhead(NOW + 10, NOW, () => true)).toEqual({ taken: ["a", "b"], isAll: true });
});

it("takes late lanes ahead behind those that are due, and those that a plan left over before it is committed", () => {
  const { lanes, putBack, putLeft } = setup("a", "b", "c", "d");
  lanes.takeDue(NOW);
  putLeft("c", "d");
  putBack({ a: NOW + 10, b: NOW - 60_000 }, ["b"]);
  const isKnown = (lane: string) => lane !== "d";
  expect(lanes.takeAhead(NOW + 10, Number.NEGATIVE_INFINITY, isKnown)).toEqual({
    taken: ["a", "c", "b"],
    isAll: false,
  });
  expect(lanes.hasLate).toBe(false);
  expect(lanes.takeDue(NOW)).toEqual(["d"]);
});
