import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Events } from "../../src/events.ts";
import { openLog } from "../../src/replica/replica-log.ts";

const STARTED = { roles: ["worker"], generation: 0, pid: process.pid, tz: "2026a" } as const;

/** The line of `replica.started` in a program's own log. */
function startedLine(base: object): string {
  const lines: string[] = [];
  const logger = pino({ base }, { write: line => void lines.push(line) });
  const events = new Events();
  openLog(logger, "info", { replica: "a-1" }).follow(events);
  events.emit("replica.started", STARTED);
  return lines.join("");
}

describe("a program's own log", () => {
  it("has a field of an event once where each of its lines has it anyway", () => {
    const line = startedLine({ app: "shop", pid: process.pid });
    expect(line.match(/"pid":/g)).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({ app: "shop", pid: process.pid, event: "replica.started" });
  });

  it("has the event's field where its lines have another value of that name", () => {
    expect(JSON.parse(startedLine({ pid: "of the pod" }))).toMatchObject({ pid: process.pid });
  });
});
