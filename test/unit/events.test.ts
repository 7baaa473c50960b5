import { describe, expect, it } from "vitest";
import type { EventName } from "../../src/event-map.ts";
import { Events } from "../../src/events.ts";
import { settle } from "../support/manual-clock.ts";

const SKEWED = { skewMs: 1 };

function setup() {
  const events = new Events();
  const heard: EventName[] = [];
  const reports: unknown[] = [];
  const subscribeOthers = () =>
    events.subscribe((name, fields) => {
      heard.push(name);
      if (name === "listener.failed") reports.push(fields);
    });
  return { events, heard, reports, subscribeOthers };
}

describe("a subscriber that fails", () => {
  const failures = [
    ["throws", () => raise("mine")],
    ["rejects", () => Promise.reject(new Error("mine"))],
  ] as const;
  it.each(failures)("when it %s is reported once for each event, and disturbs no other", async (_, fail) => {
    const { events, heard, reports, subscribeOthers } = setup();
    events.subscribe(name => (name === "listener.failed" ? undefined : fail()));
    subscribeOthers();
    for (let i = 0; i < 3; i++) events.emit("clock.skewed", SKEWED);
    events.emit("leader.observed", { leader: "a", term: 1 });
    await settle();
    expect(heard.filter(name => name !== "listener.failed")).toEqual([
      ...Array(3).fill("clock.skewed"),
      "leader.observed",
    ]);
    expect(reports).toMatchObject([
      { at: "clock.skewed", error: expect.stringContaining("mine") },
      { at: "leader.observed" },
    ]);
  });

  it("with what cannot be read is reported", () => {
    const { events, reports, subscribeOthers } = setup();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    events.subscribe(name => {
      if (name !== "listener.failed") throw proxy;
    });
    subscribeOthers();
    events.emit("clock.skewed", SKEWED);
    expect(reports).toMatchObject([{ at: "clock.skewed", error: "an error that cannot be read" }]);
  });

  it("at the report as well is not reported again and again", async () => {
    const { events, heard, subscribeOthers } = setup();
    events.subscribe(() => raise("always"));
    subscribeOthers();
    events.emit("clock.skewed", SKEWED);
    events.emit("clock.skewed", SKEWED);
    await settle();
    expect(heard.filter(name => name === "listener.failed")).toHaveLength(1);
  });
});

function raise(message: string): never {
  throw new Error(message);
}
