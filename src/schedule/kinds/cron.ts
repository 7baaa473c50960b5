import { z } from "zod";
import { oneOrMany, text } from "../../config/schemas/fields.ts";
import { parseCron } from "../cron.ts";
import { MergedSource } from "../merged-source.ts";
import type { KindTicks, ScheduleKind } from "../schedule-kind.ts";
import { zoneOf } from "../zone.ts";

const EXPECTED = 'a cron expression like "0 2 * * *"';

/** Cron expressions; their ticks are merged. */
export const cronKind = {
  key: "cron",
  field: "cron",
  schema: oneOrMany(text(EXPECTED), `${EXPECTED}, or a list of them`),
  description: "One cron expression or a list: five fields, or six with seconds; L, #, H and @daily too.",
  stored: z.array(z.string()),
  asksWallClock: true,
  read(texts, rules, report): KindTicks | null {
    if (texts.length === 0) report({ problem: "the list of expressions is empty" });
    // With a bad zone the expressions are still checked, in UTC, so that all mistakes show together.
    const timezone = zoneOf(rules.timezone) === null ? "UTC" : rules.timezone;
    const expressions = texts.flatMap((text, index) => {
      const parsed = parseCron(text, { ...rules, timezone });
      if (parsed.ok) return [parsed.expression];
      report({ index, problem: parsed.problem });
      return [];
    });
    const [first] = expressions;
    if (first === undefined) return null;
    return {
      source: expressions.length === 1 ? first : new MergedSource(expressions),
      canonical: [...new Set(expressions.map(expression => expression.canonical))].sort(),
    };
  },
  text: texts => texts.join(", "),
  async describe(texts, { seed, timezone }) {
    // Only `explain` needs words, and they load a library.
    const { describeCron, resolvedCron } = await import("../describe-cron.ts");
    const sentences = texts.map((text, index) => {
      const resolved = resolvedCron(text, seed);
      const source = resolved === null ? text : `${text}, which for this name is ${resolved}`;
      const words = describeCron(text, seed);
      return `${index === 0 ? words : `And ${words.replace(/^[A-Z]/, first => first.toLowerCase())}`} (${source}).`;
    });
    return [...sentences, `On the clock of ${timezone}.`];
  },
  advise(written) {
    const texts = [written].flat().filter(text => typeof text === "string");
    return texts.flatMap(text => quartzDays(text) ?? []);
  },
} as const satisfies ScheduleKind<readonly string[]>;

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/** `2`, `2-6`, `6L` and `2#1`, or a list of them. */
const NUMBERED_DAYS = /^[0-7](?:-[0-7]|L|#[1-5])?(?:,[0-7](?:-[0-7]|L|#[1-5])?)*$/;

/** Quartz and its kin count days of the week from 1, which is Sunday, and write `?` in one of the day fields. */
function quartzDays(text: string): string | null {
  const fields = text.trim().split(/\s+/);
  const weekday = fields.at(-1) ?? "";
  const isQuartz = weekday === "2-6" || (fields.includes("?") && NUMBERED_DAYS.test(weekday));
  if (!isQuartz) return null;
  // The digit behind # counts weeks.
  const named = weekday.replaceAll(/#?\d/g, part => DAYS[Number(part)]?.slice(0, 3).toUpperCase() ?? part);
  return `"${text}" looks like Quartz, which counts the days of the week from Sunday as 1: here ${weekday} is ${inWords(weekday)} (as ${named} it says so)`;
}

function inWords(weekdays: string): string {
  const items = weekdays.split(",").map(item => {
    const [first = "", last] = item.split("-").map(day => DAYS[Number(day[0])]);
    if (item.endsWith("L")) return `the last ${first}`;
    if (item.includes("#")) return `${first} number ${item.at(-1)} of the month`;
    return last === undefined ? first : `${first} to ${last}`;
  });
  return items.join(", ");
}
