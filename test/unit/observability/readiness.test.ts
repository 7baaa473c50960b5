import { describe, expect, vi } from "vitest";
import { Events } from "../../../src/events.ts";
import { Readiness } from "../../../src/observability/readiness.ts";
import { test as it } from "../../support/folders.ts";

const ABOUT = { roles: ["scheduler"], generation: 1 } as const;

function setup() {
  const events = new Events();
  const readiness = new Readiness(events);
  readiness.start();
  const started = () => events.emit("replica.started", { ...ABOUT, pid: 1, tz: "2026c" });
  const connected = () => events.emit("redis.connected", { address: "", version: "7" });
  const unreachable = () => events.emit("redis.unreachable", { address: "", error: "" });
  return { events, readiness, started, connected, unreachable };
}

describe("the readiness of a replica", () => {
  it("needs loaded handlers and an answer of Redis", () => {
    const { readiness, started, unreachable, connected } = setup();
    expect(readiness.reasons()).toEqual(["the handlers are not loaded yet", "Redis has not answered yet"]);
    started();
    unreachable();
    expect(readiness.reasons()).toEqual(["Redis has not answered yet"]);
    connected();
    expect(readiness.reasons()).toEqual([]);
  });

  it("goes and comes with Redis", () => {
    const { readiness, started, unreachable, connected } = setup();
    started();
    connected();
    unreachable();
    expect(readiness.reasons()).toEqual(["Redis does not answer"]);
    connected();
    expect(readiness.reasons()).toEqual([]);
  });

  it("ends while the workers hear nothing, and says on which connection", () => {
    const { events, readiness, started, connected } = setup();
    started();
    connected();
    events.emit("worker.silent", { connection: "pod-7:worker", forMs: 5_000 });
    expect(readiness.reasons()).toEqual([
      'the workers hear nothing from Redis on their connection "pod-7:worker"',
    ]);
    events.emit("worker.heard", { forMs: 9_000 });
    expect(readiness.reasons()).toEqual([]);
  });

  it("has one reason while Redis is away, and leaves the workers the time to come back with it", ({
    onTestFinished,
  }) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { events, readiness, started, connected, unreachable } = setup();
    started();
    connected();
    events.emit("worker.silent", { connection: "pod-7:worker", forMs: 5_000 });
    unreachable();
    expect(readiness.reasons()).toEqual(["Redis does not answer"]);
    connected();
    expect(readiness.reasons()).toEqual([]);
    vi.advanceTimersByTime(7_000);
    expect(readiness.reasons()).toHaveLength(1);
  });

  it("does not depend on leading", () => {
    const { events, readiness, started, connected } = setup();
    started();
    connected();
    events.emit("leader.lost", { term: 1, reason: "fenced", reasonCode: "fenced", cause: "fenced", at: "" });
    events.emit("leader.absent", { forMs: 60_000, error: "" });
    events.emit("etcd.unreachable", { address: "", error: "" });
    expect(readiness.reasons()).toEqual([]);
  });

  it("ends when the replica begins to stop", () => {
    const { events, readiness, started, connected } = setup();
    started();
    connected();
    events.emit("replica.stopping", { ...ABOUT, reason: "SIGTERM" });
    expect(readiness.reasons()).toEqual(["the replica is stopping"]);
  });
});
