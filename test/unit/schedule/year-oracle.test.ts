import { describe, expect, test } from "vitest";
import type { DstRule, Tick } from "../../../src/schedule/schedule.ts";
import { oracleExpression } from "./cron-oracle.ts";
import { film, matchesIn, type OracleTick, oracleTicks } from "./dst-oracle.ts";
import { iso, scheduleOf, ticksBackwards, ticksBetween } from "./setup.ts";

const DAY = 86_400_000;
const [FROM, TO] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];
const MARGIN = 3 * DAY;

/** Gaps and repetitions of half an hour, an hour and two, at midnight, in Ramadan; offsets of 30 and 45 minutes. */
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "Europe/London",
  "Europe/Dublin",
  "America/New_York",
  "America/St_Johns",
  "America/Havana",
  "America/Santiago",
  "America/Nuuk",
  "Asia/Tehran",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Beirut",
  "Asia/Jerusalem",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Australia/Adelaide",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Antarctica/Troll",
];

/** What each zone's year holds: a zone that lost its transitions would test nothing. */
const STEADY = ["UTC", "Asia/Kathmandu", "Pacific/Apia", "Asia/Tehran"];

const EXPRESSIONS = [
  // Fixed hours, in and around the hours that are left out or come twice.
  "0 0 * * *",
  "30 0 * * *",
  "59 23 * * *",
  "15 1 * * *",
  "30 1 * * *",
  "0 2 * * *",
  "30 2 * * *",
  "45 2 * * *",
  "0 3 * * *",
  "17 3 * * *",
  "*/20 2 * * *",
  "0,30 1,2,3 * * *",
  "0 0-23 * * *",
  "30 1-5 * * *",
  "5 0-23/2 * * *",
  "10 1-23/3 * * *",
  "0 12 * * *",
  "0 0,12 * * *",
  // Hours as they are.
  "0 * * * *",
  "30 */2 * * *",
  "15 */5 * * *",
  "*/30 * * * *",
  "0/45 */3 * * *",
  "3 *,2 * * *",
  // Days.
  "30 2 L * *",
  "0 3 1,15,L * *",
  "15 2 */2 * *",
  "0 1 29-31 * *",
  "30 1 ? * sun",
  "0 2 * * 7",
  "45 1 * * 5-7",
  "30 2 * * 0L",
  "15 1 * * 5L,3",
  "0 3 * * 5#3",
  "30 1 * * 0#1,0#2,0#5",
  "0 2 * mar,oct sun",
  "0 0 1 */3 *",
  // Either day is enough.
  "30 2 29 * 0",
  "0 1 L * 1#1",
  "20 2 */10 feb-nov fri",
];

const RULES: readonly DstRule[] = (["run", "skip"] as const).flatMap(gap =>
  (["first", "both"] as const).map(overlap => ({ gap, overlap })),
);

describe("a year of ticks, beside an oracle that walks every minute", () => {
  test.each(ZONES)("in %s", zone => {
    const year = film(zone, FROM - MARGIN, (TO - FROM + 2 * MARGIN) / 60_000);
    expect(year.missing.length > 0).toBe(!STEADY.includes(zone));
    for (const text of EXPRESSIONS) {
      const matches = matchesIn(year, oracleExpression(text));
      for (const dst of RULES) {
        const expected = oracleTicks(matches, dst).filter(({ at }) => at > FROM && at <= TO);
        const schedule = scheduleOf({ cron: [text], timezone: zone, dst });
        const name = `${text} in ${zone} with gap: ${dst.gap}, overlap: ${dst.overlap}`;
        expect(firstDifference(ticksBetween(schedule, FROM, TO), expected), name).toBeNull();
        expect(
          firstDifference(ticksBackwards(schedule, FROM, TO), expected),
          `${name}, backwards`,
        ).toBeNull();
      }
    }
  });
});

/** The first place at which two rows of ticks differ. Rows of thousands are not worth a picture. */
function firstDifference(found: readonly Tick[], expected: readonly OracleTick[]): string | null {
  for (let index = 0; index < Math.max(found.length, expected.length); index++) {
    const [ours, theirs] = [found[index], expected[index]];
    const kind = ours && (/^(?:shifted|first pass|second pass)/.exec(ours.note ?? "")?.[0] ?? "plain");
    if (ours?.at === theirs?.at && kind === theirs?.kind) continue;
    const text = (at: number | undefined) => (at === undefined ? "no tick" : iso(at));
    return `found ${text(ours?.at)} ${kind}, expected ${text(theirs?.at)} ${theirs?.kind}`;
  }
  return null;
}
