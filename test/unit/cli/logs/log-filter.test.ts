import { expect, it } from "vitest";
import { parseEntry } from "../../../../src/cli/logs/log-entry.ts";
import { type FilterOptions, LogFilter } from "../../../../src/cli/logs/log-filter.ts";
import { at, ELECTED, line } from "./lines.ts";

const nowMs = Date.parse(at("08:00:00.000"));
const LINES = {
  launch: line({ event: "tick.launched", job: "a", run: "a@1" }),
  stray: line({ event: "run.strayError", job: null, run: "a@1" }),
  other: line({ event: "run.completed", job: "ab", run: "ab@1" }),
  elected: line(ELECTED),
  handler: line({ msg: "hi", job: "a" }),
  plain: "hello",
};

it.each<[FilterOptions, readonly (keyof typeof LINES)[]]>([
  [{}, ["launch", "stray", "other", "elected", "handler", "plain"]],
  [{ job: "a" }, ["launch", "stray", "handler"]],
  [{ event: "leader.elected" }, ["elected"]],
  [{ event: "leader.*, tick.launched" }, ["launch", "elected"]],
  [{ event: "run.*", job: "a" }, ["stray"]],
  [{ event: "none" }, []],
  [{ since: "5m55s" }, ["launch", "stray", "other", "elected", "handler"]],
  [{ since: at("07:54:05.100") }, ["elected"]],
  [{ since: "2026-11-29" }, []],
])("%j leaves %j", (options, names) => {
  const filter = new LogFilter(options, nowMs);
  const wanted = Object.entries(LINES).filter(([, text]) => filter.wants(parseEntry(text, "")));
  expect(wanted.map(([name]) => name)).toEqual(names);
});

it("says what --since may be", () => {
  expect(() => new LogFilter({ since: "10" }, nowMs)).toThrow(
    "--since 10: expected how long ago, like 10m, or an instant like 2026-12-24T18:00:00Z",
  );
});
