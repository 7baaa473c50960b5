import { describe, expect, it } from "vitest";
import { parseEntry } from "../../../../src/cli/logs/log-entry.ts";
import { at, ELECTED, line, OBSERVED, RESIGNED } from "./lines.ts";

const json = line({ event: "run.completed", replica: "a-1", run: "x@1" });

describe("a record", () => {
  it.each([
    ["as a replica prints it", json, "file"],
    ["of kubectl logs --prefix", `[pod/jobs-7d9-x2/bellwether] ${json}`, "jobs-7d9-x2"],
    ["of kubectl logs --prefix --timestamps", `[pod/p/c] 2026-11-28T07:54:05.1Z ${json}`, "p"],
    ["of docker compose logs", `replica-2  | ${json}`, "replica-2"],
    ["of docker compose logs --timestamps", `replica-2  | 2026-11-28T07:54:05.1+01:00 ${json}`, "replica-2"],
    ["of a container runtime's file", `2026-11-28T07:54:05.123456789Z stdout F ${json}`, "file"],
    ["behind another prefix", `Nov 28 07:54:05 host jobs[17]: ${json}`, "file"],
  ])("is found %s", (_title, text, source) => {
    const { entry, record } = parseEntry(text, "file");
    expect(entry).toEqual({
      atMs: Date.parse(at("07:54:05.000")),
      rank: 0,
      source,
      isRecord: true,
      text: json,
    });
    expect(record).toMatchObject({ run: "x@1" });
  });

  it("has the time of the log, and one about a handoff the store's time", () => {
    const timeOf = (text: string) => new Date(parseEntry(text, "").entry.atMs ?? 0).toISOString();
    expect(timeOf(line({ event: "operator.acted", at: at("01:00:00.000") }))).toBe(at("07:54:05.000"));
    for (const handoff of [RESIGNED, ELECTED, OBSERVED]) expect(timeOf(line(handoff))).toBe(handoff["at"]);
    expect(timeOf(line({ ...ELECTED, at: undefined }))).toBe(ELECTED["time"]);
  });

  it("of one millisecond is in the order of a handoff", () => {
    const ranks = [RESIGNED, ELECTED, OBSERVED, { ...RESIGNED, term: 5 }].map(
      handoff => parseEntry(line(handoff), "").entry.rank,
    );
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(new Set(ranks).size).toBe(4);
  });
});

describe("a line that is no record", () => {
  it.each([
    ["words", "hello", "hello", null],
    ["words behind a prefix", "[pod/p/c]     at stack", "    at stack", null],
    ["words with a time", "[pod/p/c] 2026-11-28T07:54:05.000Z hello", "hello", at("07:54:05.000")],
    ["JSON without a level", '{"a":1}', '{"a":1}', null],
    ["half a record", json.slice(0, -1), json.slice(0, -1), null],
    ["words behind the name of a container", "replica-1  | hello", "hello", null],
    ["a date", "2026-11-28", "2026-11-28", null],
    ["what is no time", '2026-99-99T99:99:99Z {"a"', '{"a"', null],
  ])("is passed on: %s", (_title, text, shown, time) => {
    const { entry, record } = parseEntry(text, "file");
    expect(record).toBeNull();
    expect(entry).toMatchObject({ text: shown, atMs: time && Date.parse(time), isRecord: false });
  });

  it.each([
    ["a term that is no number", line({ ...ELECTED, term: "5" })],
    ["a time that is none", line({ time: { toString: 1 } })],
    ["no time", '{"level":"info"}'],
  ])("or one with %s is no failure", (_title, text) => {
    expect(parseEntry(text, "").entry).toMatchObject({ rank: 0, isRecord: true });
  });
});
