import { expect, it } from "vitest";
import { HandoffOrder } from "../../../../src/cli/logs/handoff-order.ts";
import { type LogEntry, parseEntry } from "../../../../src/cli/logs/log-entry.ts";
import { at, ELECTED, type Line, line, RESIGNED } from "./lines.ts";

function timesOf(lines: readonly Line[]): string[] {
  const order = new HandoffOrder();
  const taken = lines.map(fields => order.take(parseEntry(line(fields), "")));
  const entries = [...taken.filter((entry): entry is LogEntry => entry !== null), ...order.rest()];
  return entries.map(({ atMs }) => new Date(atMs ?? 0).toISOString());
}

const later = at("07:54:05.375");

it("puts the end of a term before the next one, whichever is read first", () => {
  const end = { ...RESIGNED, at: later };
  expect(timesOf([end, ELECTED])).toEqual([ELECTED["at"], ELECTED["at"]]);
  expect(timesOf([ELECTED, end])).toEqual([ELECTED["at"], ELECTED["at"]]);
});

it.each([
  ["an end that is earlier", [ELECTED, RESIGNED], [ELECTED["at"], RESIGNED["at"]]],
  ["an end without a next term", [{ ...RESIGNED, at: later }], [later]],
  ["one of another namespace", [ELECTED, { ...RESIGNED, at: later, namespace: "x" }], [ELECTED["at"], later]],
  ["one of another term", [ELECTED, { ...RESIGNED, at: later, term: 5 }], [ELECTED["at"], later]],
])("leaves %s where it is", (_title, lines, times) => {
  expect(timesOf(lines)).toEqual(times);
});
