import { describe, expect, it } from "vitest";
import { settlesWithin, within } from "../../../src/clock/within.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";

/** A wait of five seconds, and what it came to. */
function setup(wait: typeof within | typeof settlesWithin) {
  const clock = new ManualClock();
  const work = Promise.withResolvers<string>();
  const aborting = new AbortController();
  const options = { clock, signal: aborting.signal };
  const ended: unknown[] = [];
  const waiting =
    wait === within
      ? within(work.promise, 5_000, "late", options)
      : settlesWithin(work.promise, 5_000, options);
  waiting.then(
    end => ended.push(end),
    error => ended.push(error),
  );
  return { clock, work, aborting, ended };
}

const broken = new Error("broken");

describe.each([
  { wait: within, done: "done", failed: broken, late: "late" },
  { wait: settlesWithin, done: true, failed: true, late: false },
])("$wait.name", ({ wait, done, failed, late }) => {
  it("ends with the work that is done in time", async () => {
    const { clock, work, ended } = setup(wait);
    await clock.advance(4_999);
    expect(ended).toEqual([]);
    work.resolve("done");
    await settle();
    expect(ended).toEqual([done]);
  });

  it("ends with the work that fails in time", async () => {
    const { work, ended } = setup(wait);
    work.reject(broken);
    await settle();
    expect(ended).toEqual([failed]);
  });

  it.each(["resolve", "reject"] as const)("ends at its limit, and ignores a later %s", async how => {
    const { clock, work, ended } = setup(wait);
    await clock.advance(5_000);
    expect(ended).toEqual([late]);
    work[how](broken as never);
    await settle();
    expect(ended).toEqual([late]);
  });

  it("ends as at its limit when its signal aborts", async () => {
    const { aborting, ended } = setup(wait);
    aborting.abort();
    await settle();
    expect(ended).toEqual([late]);
  });
});

it("a wait that has ended leaves no timer", async () => {
  const before = process.getActiveResourcesInfo().filter(kind => kind === "Timeout").length;
  await within(Promise.resolve(), 1_000_000, null);
  await settle();
  expect(process.getActiveResourcesInfo().filter(kind => kind === "Timeout")).toHaveLength(before);
});
