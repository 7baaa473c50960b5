import { describe, expect, it } from "vitest";
import type { BellwetherEvent, EventName } from "../../src/event-map.ts";
import { Events } from "../../src/events.ts";
import { logEvents } from "../../src/log.ts";
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
      { at: "clock.skewed", error: expect.stringContaining("mine"), thrown: { message: "mine" } },
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

describe("a listener of a name", () => {
  it("gets each such event from then on, with its name, once however often it was added", () => {
    const events = new Events();
    const heard: BellwetherEvent[] = [];
    const listener = (event: BellwetherEvent<"clock.skewed">) => heard.push(event);
    events.on("clock.skewed", listener);
    const end = events.on("clock.skewed", listener);
    events.emit("clock.skewed", SKEWED);
    events.emit("leader.observed", { leader: "a", term: 1 });
    expect(heard).toEqual([{ name: "clock.skewed", skewMs: 1 }]);
    end();
    events.emit("clock.skewed", SKEWED);
    events.on("clock.skewed", listener);
    events.off("clock.skewed", listener);
    events.off("clock.stepped", () => undefined);
    events.emit("clock.skewed", SKEWED);
    expect(heard).toHaveLength(1);
  });

  it.each([
    ["throws", () => raise("mine")],
    ["rejects", () => Promise.reject(new Error("mine"))],
  ])("when it %s is reported, also at the report itself, and ends there", async (_, fail) => {
    const { events, heard, subscribeOthers } = setup();
    events.on("clock.skewed", fail);
    events.on("listener.failed", fail);
    subscribeOthers();
    events.emit("clock.skewed", SKEWED);
    events.emit("clock.skewed", SKEWED);
    await settle();
    expect(heard).toEqual(expect.arrayContaining(["clock.skewed", "clock.skewed", "listener.failed"]));
    expect(heard).toHaveLength(3);
  });

  it("knows the fields by the name", () => {
    const event = { name: "clock.skewed", skewMs: 3 } as BellwetherEvent;
    const skew = event.name === "clock.skewed" ? event.skewMs : null;
    expect(skew).toBe(3);
    // @ts-expect-error: another event's field.
    expect(event.name === "clock.skewed" && event.durationMs).toBeUndefined();
  });
});

it("the log has the text of what was thrown, and not the error itself", () => {
  const events = new Events();
  const lines: object[] = [];
  const log = Object.fromEntries(
    ["debug", "info", "warn", "error"].map(level => [level, (fields: object) => lines.push(fields)]),
  );
  logEvents(events, log as never);
  const thrown = Object.assign(new Error("no"), { secret: "swordfish" });
  events.emit("leader.failed", { term: 1, error: "no", thrown });
  expect(lines).toEqual([{ event: "leader.failed", term: 1, error: "no" }]);
});

function raise(message: string): never {
  throw new Error(message);
}
