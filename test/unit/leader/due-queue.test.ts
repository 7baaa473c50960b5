import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueQueue } from "../../../src/leader/due-queue.ts";

describe("the due queue", () => {
  it("has no next time while it is empty", () => {
    expect(new DueQueue().nextDueMs).toBeNull();
  });

  it("gives out what is due, the longest due first, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 300, size: "max" }),
        fc.integer({ min: 0, max: 50 }),
        (times, nowMs) => {
          const queue = new DueQueue();
          for (const [i, dueMs] of times.entries()) queue.put(`${i}`, dueMs);
          const taken = queue.takeDue(nowMs, Number.POSITIVE_INFINITY).map(job => times[Number(job)]);
          expect(taken).toEqual(times.filter(dueMs => dueMs <= nowMs).toSorted((a, b) => a - b));
          expect(queue.nextDueMs).toBe(
            times.filter(dueMs => dueMs > nowMs).toSorted((a, b) => a - b)[0] ?? null,
          );
        },
      ),
    );
  });

  it("gives out no more than it is asked for", () => {
    const queue = new DueQueue();
    for (const job of ["a", "b", "c"]) queue.put(job, 1);
    expect(queue.takeDue(1, 2)).toHaveLength(2);
    expect(queue.takeDue(1, 2)).toHaveLength(1);
  });
});
