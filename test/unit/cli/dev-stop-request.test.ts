import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { stopOnSignals } from "../../../src/cli/dev/stop-request.ts";

function setup() {
  const signals = new EventEmitter();
  const clock = { nowMs: 0 };
  const stop = stopOnSignals(signals, () => clock.nowMs);
  const send = (signal: NodeJS.Signals, atMs: number) => {
    clock.nowMs = atMs;
    signals.emit(signal);
    return [stop.graceful.aborted, stop.immediate.aborted];
  };
  return { stop, send };
}

describe("stopOnSignals", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("asks for an orderly stop at the first %s", signal => {
    const { stop, send } = setup();
    expect(stop.graceful.aborted).toBe(false);
    expect(send(signal, 0)).toEqual([true, false]);
  });

  it("takes repeats within a third of a second for the same Ctrl-C", () => {
    const { send } = setup();
    send("SIGINT", 5_000);
    expect(send("SIGINT", 5_003)).toEqual([true, false]);
    expect(send("SIGINT", 5_333)).toEqual([true, false]);
  });

  it("ends everything at once when asked again later", () => {
    const { send } = setup();
    send("SIGINT", 5_000);
    expect(send("SIGINT", 6_001)).toEqual([true, true]);
  });
});
