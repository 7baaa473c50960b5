import { expect, it, vi } from "vitest";
import type { Paint } from "../../../../src/cli/log-line.ts";
import { EntryPrinter } from "../../../../src/cli/logs/entry-printer.ts";
import { parseEntry } from "../../../../src/cli/logs/log-entry.ts";
import { ELECTED, line, OBSERVED } from "./lines.ts";

function shown(lines: readonly string[], paint: Paint = (_style, text) => text): string {
  vi.stubEnv("TZ", "UTC");
  const printer = new EntryPrinter(paint);
  const entries = lines.map(text => parseEntry(text, "file.log"));
  for (const parsed of entries) printer.expect(parsed);
  const text = entries.map(({ entry }) => printer.print(entry)).join("");
  vi.unstubAllEnvs();
  return text;
}

it("shows a handoff by the store's time, below the date and the zone", () => {
  expect(shown([line({ ...ELECTED, replica: "jobs-7d9c8f6b5-x2x4z-7f3a09" }), line(OBSERVED)])).toBe(
    `2026-11-28, times in UTC
07:54:05.369  jobs-7d9c8f6b5-x2x4z-7f3a09  leader.elected      term 5 after a (resigned: stepdown by ann), no leader for 3 ms
07:54:05.369  c                            leader.observed     follows b, term 5 after a (resigned: stepdown by ann), no leader for 3 ms
`,
  );
});

it("shows the date again when it changes", () => {
  const days = ["2026-11-28T23:59:59.999Z", "2026-11-29T00:00:00.000Z"];
  expect(shown(days.map(time => line({ time, msg: "m" }))).match(/^2026-.*$/gm)).toEqual([
    "2026-11-28, times in UTC",
    "2026-11-29, times in UTC",
  ]);
});

it("shows other lines with the name of their source, and no time that they do not have", () => {
  expect(shown(["hello"])).toBe("              file.log          hello\n");
});

it.each([
  ["a line", "a\u001b[2J\u0000\u202eb\tc", "a\\u001b[2J\\u0000\\u202eb  c"],
  ["a record", line({ msg: "a\u001b[2J\nforged" }), "log                 a\\u001b[2J\n      forged"],
  ["a name", line({ msg: "m", replica: "\u001b]0;x\u0007" }), "\\u001b]0;x\\u0007"],
  ["an event", line({ event: "\u001b[2J" }), "\\u001b[2J"],
])("lets %s steer no terminal", (_title, text, expected) => {
  expect(shown([text])).toContain(expected);
});

it("cuts a long line that is no record", () => {
  expect(shown(["x".repeat(2_010)])).toMatch(/ x{2000}… \(10 characters more\)\n$/);
});

it("gives each replica a style of its own, the same in all its lines", () => {
  const lines = ["a", "b", "a"].map(replica => line({ msg: "m", replica }));
  const styles = shown(lines, (style, text) => `<${style}>${text}`).match(/<\w+>[ab] /g);
  expect(styles).toEqual(["<cyan>a ", "<magenta>b ", "<cyan>a "]);
});
