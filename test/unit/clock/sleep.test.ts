import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { sleep } from "../../../src/clock/sleep.ts";

const LONG_MS = 1_000_000_000_000;

describe("sleep", () => {
  it.each([
    ["has aborted", (aborting: AbortController) => aborting.abort(), () => undefined],
    ["aborts meanwhile", () => undefined, (aborting: AbortController) => aborting.abort()],
  ])("ends when its signal %s, also where it is longer than a timer can be", async (_, before, after) => {
    const aborting = new AbortController();
    before(aborting);
    const sleeping = sleep(LONG_MS, aborting.signal);
    after(aborting);
    expect(await sleeping).toBe(undefined);
  });

  it("keeps no listener of its signal when its time has come", async () => {
    const { signal } = new AbortController();
    await sleep(1, signal);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
