import { describe, expect, test } from "vitest";
import type { DstRule } from "../../../src/schedule/schedule.ts";
import { iso, RUN_FIRST, scheduleOf, ticksAfter, ticksBackwards, ticksBetween } from "./setup.ts";

const SKIP: DstRule = { gap: "skip", overlap: "first" };
const BOTH: DstRule = { gap: "run", overlap: "both" };
const NEW_YORK = "America/New_York";
const LORD_HOWE = "Australia/Lord_Howe";

interface Row {
  readonly name: string;
  readonly cron: string;
  readonly zone: string;
  readonly dst?: DstRule;
  /** Ticks after `after`: instant, and the note if there is one. */
  readonly after: string;
  readonly ticks: readonly (string | [at: string, note: string])[];
}

const SHIFTED_0230 = "shifted by +1h: 02:30 does not exist on this day";
const FIRST_PASS = "first pass of a repeated hour";
const SECOND_PASS = "second pass of a repeated hour";

const ROWS: readonly Row[] = [
  {
    name: "a tick in the gap is shifted by the length of the gap",
    cron: "30 2 * * *",
    zone: NEW_YORK,
    after: "2026-03-07T12:00Z",
    ticks: [["2026-03-08T07:30Z", SHIFTED_0230], "2026-03-09T06:30Z"],
  },
  {
    name: "a tick in the gap is dropped with gap: skip",
    cron: "30 2 * * *",
    zone: NEW_YORK,
    dst: SKIP,
    after: "2026-03-07T12:00Z",
    ticks: ["2026-03-09T06:30Z"],
  },
  {
    name: "seconds in the gap are kept",
    cron: "15 30 2 * * *",
    zone: NEW_YORK,
    after: "2026-03-07T12:00Z",
    ticks: [
      ["2026-03-08T07:30:15Z", "shifted by +1h: 02:30:15 does not exist on this day"],
      "2026-03-09T06:30:15Z",
    ],
  },
  {
    name: "a shifted tick that meets another is one tick",
    cron: "0 2,3 * * *",
    zone: NEW_YORK,
    after: "2026-03-08T05:00Z",
    ticks: [
      ["2026-03-08T07:00Z", "shifted by +1h: 02:00 does not exist on this day"],
      "2026-03-09T06:00Z",
      "2026-03-09T07:00Z",
    ],
  },
  {
    name: "shifted ticks and those of the next hour stand in order",
    cron: "*/20 2,3 * * *",
    zone: NEW_YORK,
    after: "2026-03-08T07:10Z",
    ticks: [
      ["2026-03-08T07:20Z", "shifted by +1h: 02:20 does not exist on this day"],
      ["2026-03-08T07:40Z", "shifted by +1h: 02:40 does not exist on this day"],
      "2026-03-09T06:00Z",
    ],
  },
  {
    name: "nothing is shifted when the hour begins with *",
    cron: "0 */2 * * *",
    zone: NEW_YORK,
    after: "2026-03-08T04:00Z",
    ticks: ["2026-03-08T05:00Z", "2026-03-08T08:00Z", "2026-03-08T10:00Z"],
  },
  {
    name: "hours listed in full are fixed hours",
    cron: "30 0-23 * * *",
    zone: NEW_YORK,
    after: "2026-11-01T04:45Z",
    ticks: [["2026-11-01T05:30Z", FIRST_PASS], "2026-11-01T07:30Z"],
  },
  {
    name: "a tick in the repeated hour runs at the first pass",
    cron: "30 1 * * *",
    zone: NEW_YORK,
    after: "2026-10-31T12:00Z",
    ticks: [["2026-11-01T05:30Z", FIRST_PASS], "2026-11-02T06:30Z"],
  },
  {
    name: "a tick in the repeated hour runs at both passes with overlap: both",
    cron: "30 1 * * *",
    zone: NEW_YORK,
    dst: BOTH,
    after: "2026-10-31T12:00Z",
    ticks: [["2026-11-01T05:30Z", FIRST_PASS], ["2026-11-01T06:30Z", SECOND_PASS], "2026-11-02T06:30Z"],
  },
  {
    name: "the tick at the end of the repeated hour is not repeated",
    cron: "0 1,2 * * *",
    zone: NEW_YORK,
    after: "2026-10-31T12:00Z",
    ticks: [["2026-11-01T05:00Z", FIRST_PASS], "2026-11-01T07:00Z"],
  },
  {
    name: "each pass matches when the hour begins with *",
    cron: "0 * * * *",
    zone: NEW_YORK,
    after: "2026-11-01T04:00Z",
    ticks: [["2026-11-01T05:00Z", FIRST_PASS], ["2026-11-01T06:00Z", SECOND_PASS], "2026-11-01T07:00Z"],
  },
  {
    name: "Berlin's gap",
    cron: "30 2 * * *",
    zone: "Europe/Berlin",
    after: "2026-03-28T12:00Z",
    ticks: [["2026-03-29T01:30Z", SHIFTED_0230], "2026-03-30T00:30Z"],
  },
  {
    name: "Berlin's repeated hour",
    cron: "30 2 * * *",
    zone: "Europe/Berlin",
    after: "2026-10-24T12:00Z",
    ticks: [["2026-10-25T00:30Z", FIRST_PASS], "2026-10-26T01:30Z"],
  },
  {
    name: "a gap of half an hour",
    cron: "15 2 * * *",
    zone: LORD_HOWE,
    after: "2026-10-02T16:00Z",
    ticks: [["2026-10-03T15:45Z", "shifted by +30m: 02:15 does not exist on this day"], "2026-10-04T15:15Z"],
  },
  {
    name: "a repeated half hour",
    cron: "45 1 * * *",
    zone: LORD_HOWE,
    dst: BOTH,
    after: "2026-04-04T00:00Z",
    ticks: [
      ["2026-04-04T14:45Z", "first pass of a repeated half hour"],
      ["2026-04-04T15:15Z", "second pass of a repeated half hour"],
      "2026-04-05T15:15Z",
    ],
  },
  {
    name: "a gap at midnight, where a day begins at one",
    cron: "0 0 * * *",
    zone: "Africa/Cairo",
    after: "2026-04-23T00:00Z",
    ticks: [["2026-04-23T22:00Z", "shifted by +1h: 00:00 does not exist on this day"], "2026-04-24T21:00Z"],
  },
  {
    name: "a repeated hour before midnight",
    cron: "30 23 * * *",
    zone: "Africa/Cairo",
    after: "2026-10-29T12:00Z",
    ticks: [["2026-10-29T20:30Z", FIRST_PASS], "2026-10-30T21:30Z"],
  },
  {
    name: "Beirut's gap at midnight",
    cron: "15 0 * * *",
    zone: "Asia/Beirut",
    after: "2026-03-28T00:00Z",
    ticks: [["2026-03-28T22:15Z", "shifted by +1h: 00:15 does not exist on this day"], "2026-03-29T21:15Z"],
  },
  {
    name: "São Paulo's gap at midnight",
    cron: "@daily",
    zone: "America/Sao_Paulo",
    after: "2018-11-03T12:00Z",
    ticks: [["2018-11-04T03:00Z", "shifted by +1h: 00:00 does not exist on this day"], "2018-11-05T02:00Z"],
  },
  {
    name: "a zone of three quarters of an hour",
    cron: "30 3 * * *",
    zone: "Pacific/Chatham",
    after: "2026-09-26T00:00Z",
    ticks: [["2026-09-26T14:45Z", "shifted by +1h: 03:30 does not exist on this day"], "2026-09-27T13:45Z"],
  },
  {
    name: "a change of the zone's offset is a gap as well",
    cron: "5 0 * * *",
    zone: "Asia/Kathmandu",
    after: "1985-12-31T00:00Z",
    ticks: [["1985-12-31T18:35Z", "shifted by +15m: 00:05 does not exist on this day"], "1986-01-01T18:20Z"],
  },
  {
    name: "a summer time of two hours",
    cron: "30 1 * * *",
    zone: "Antarctica/Troll",
    after: "2026-03-28T12:00Z",
    ticks: [["2026-03-29T01:30Z", "shifted by +2h: 01:30 does not exist on this day"], "2026-03-29T23:30Z"],
  },
  {
    name: "a skipped day runs with the next, which is one tick for a daily job",
    cron: "0 2 * * *",
    zone: "Pacific/Apia",
    after: "2011-12-29T00:00Z",
    ticks: [
      "2011-12-29T12:00Z",
      ["2011-12-30T12:00Z", "shifted by +1d: 2011-12-30 02:00 does not exist"],
      "2011-12-31T12:00Z",
    ],
  },
  {
    name: "a monthly job on the skipped day runs a day later",
    cron: "0 2 30 * *",
    zone: "Pacific/Apia",
    after: "2011-12-01T00:00Z",
    ticks: [["2011-12-30T12:00Z", "shifted by +1d: 2011-12-30 02:00 does not exist"], "2012-01-29T12:00Z"],
  },
  {
    name: "a skipped day is gone when the hour begins with *",
    cron: "0 */12 30 12 *",
    zone: "Pacific/Apia",
    after: "2011-06-01T00:00Z",
    ticks: ["2012-12-29T10:00Z"],
  },
];

describe("daylight saving", () => {
  test.each(ROWS)("$name: $cron in $zone", ({ cron, zone, dst = RUN_FIRST, after, ticks }) => {
    const schedule = scheduleOf({ cron: [cron], timezone: zone, dst });
    const expected = ticks.map(tick => (typeof tick === "string" ? tick : tick.join(" ")));
    const text = (tick: { at: number; note?: string }) => [iso(tick.at), tick.note].filter(Boolean).join(" ");
    const found = ticksAfter(schedule, after, ticks.length);
    expect(found.map(text)).toEqual(expected);
    expect(ticksBackwards(schedule, Date.parse(after), found.at(-1)?.at ?? 0).map(text)).toEqual(expected);
  });

  test.each([NEW_YORK, LORD_HOWE, "Africa/Cairo", "Pacific/Chatham"])(
    "*/30 * * * * is every thirty real minutes all year in %s",
    timezone => {
      const schedule = scheduleOf({ cron: ["*/30 * * * *"], timezone });
      const [from, to] = [Date.parse("2026-01-01T00:00Z"), Date.parse("2027-01-01T00:00Z")];
      const ticks = ticksBetween(schedule, from, to).map(tick => tick.at);
      const offGrid = timezone === "Pacific/Chatham" ? 15 * 60_000 : 0;
      const expected = Array.from({ length: 365 * 48 }, (_, i) => from + (i + 1) * 30 * 60_000 - offGrid);
      expect(ticks).toEqual(expected);
    },
  );
});
