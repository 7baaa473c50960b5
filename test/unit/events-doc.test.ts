import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EVENT_RULES } from "../../src/event-rules.ts";

it("docs/events.md lists every event with its level, and nothing else", () => {
  const text = readFileSync(new URL("../../docs/events.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (`.*?) \| (\w+) \|/gm)];
  const documented = rows.flatMap(([, names = "", level]) =>
    [...names.matchAll(/`([\w.]+)`/g)].map(([, name]) => [name, level]),
  );
  const rules = Object.entries(EVENT_RULES).map(([name, rule]) => {
    const level: unknown = typeof rule.level === "function" ? "warn" : rule.level;
    return [name, level];
  });
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(rules));
});
