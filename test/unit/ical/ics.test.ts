import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readIcs } from "../../../src/ical/ics.ts";
import { calendar, readCalendar as read } from "../../support/ics.ts";

describe("an event", () => {
  const rows: [name: string, event: string, stretches: string[]][] = [
    [
      "of a whole day is on the job's clock",
      "DTSTART;VALUE=DATE:20261225|SUMMARY:Christmas Day",
      ["wall 2026-12-25T00:00 2026-12-26T00:00 Christmas Day"],
    ],
    [
      "of several days ends before its DTEND",
      "DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261228",
      ["wall 2026-12-25T00:00 2026-12-28T00:00"],
    ],
    [
      "of a whole day whose DTEND is its DTSTART is that day",
      "DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261225",
      ["wall 2026-12-25T00:00 2026-12-26T00:00"],
    ],
    [
      "of days may say how long it is",
      "DTSTART;VALUE=DATE:20261225|DURATION:P2D",
      ["wall 2026-12-25T00:00 2026-12-27T00:00"],
    ],
    [
      "in UTC is instants",
      "DTSTART:20260601T100000Z|DURATION:PT90M",
      ["instant 2026-06-01T10:00 2026-06-01T11:30"],
    ],
    [
      "in a zone is instants",
      "DTSTART;TZID=America/New_York:20260601T220000|DTEND;TZID=America/New_York:20260602T060000",
      ["instant 2026-06-02T02:00 2026-06-02T10:00"],
    ],
    [
      "may end in another zone",
      "DTSTART;TZID=America/New_York:20260601T220000|DTEND:20260602T100000Z",
      ["instant 2026-06-02T02:00 2026-06-02T10:00"],
    ],
    [
      "without a zone is on the job's clock",
      "DTSTART:20260601T220000|DTEND:20260602T060000",
      ["wall 2026-06-01T22:00 2026-06-02T06:00"],
    ],
    [
      "without a length is an instant",
      "DTSTART:20260601T100000Z",
      ["instant 2026-06-01T10:00 2026-06-01T10:00:00.001Z"],
    ],
    [
      "inside a gap begins later by its length",
      "DTSTART;TZID=Europe/Berlin:20260329T023000|DTEND;TZID=Europe/Berlin:20260329T040000",
      ["instant 2026-03-29T01:30 2026-03-29T02:00"],
    ],
    [
      "that others see as free counts as well",
      "DTSTART;VALUE=DATE:20261225|TRANSP:TRANSPARENT",
      ["wall 2026-12-25T00:00 2026-12-26T00:00"],
    ],
    [
      "has a name of one line that cannot steer a terminal",
      "DTSTART;VALUE=DATE:20261225|SUMMARY:A\\nB\u001b[31m  C",
      ["wall 2026-12-25T00:00 2026-12-26T00:00 A B [31m C"],
    ],
  ];
  it.each(rows)("%s", (_name, event, stretches) => {
    expect(read(calendar(event))).toEqual(stretches);
  });
});

describe("repetitions", () => {
  const days = (...dates: string[]) =>
    dates.map(
      date => `wall ${date}T00:00 ${new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 16)}`,
    );
  const rows: [name: string, rule: string, stretches: string[]][] = [
    ["each year", "DTSTART;VALUE=DATE:20251225|RRULE:FREQ=YEARLY;COUNT=2", days("2025-12-25", "2026-12-25")],
    [
      "each year on a weekday",
      "DTSTART;VALUE=DATE:20261126|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
      days("2026-11-26", "2027-11-25"),
    ],
    [
      "on the 29th of February only where there is one",
      "DTSTART;VALUE=DATE:20240229|RRULE:FREQ=YEARLY;UNTIL=20330101",
      days("2024-02-29", "2028-02-29", "2032-02-29"),
    ],
    [
      "each month on a day that some do not have",
      "DTSTART;VALUE=DATE:20260131|RRULE:FREQ=MONTHLY;UNTIL=20260601",
      days("2026-01-31", "2026-03-31", "2026-05-31"),
    ],
    [
      "without some days",
      "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;COUNT=4|EXDATE;VALUE=DATE:20260102,20260103",
      days("2026-01-01", "2026-01-04"),
    ],
    [
      "on more days",
      "DTSTART;VALUE=DATE:20260101|RDATE;VALUE=DATE:20260103",
      days("2026-01-01", "2026-01-03"),
    ],
    [
      "at the same time on the clock, across a change of the clocks, up to an end in UTC",
      "DTSTART;TZID=Europe/Berlin:20260328T220000|DTEND;TZID=Europe/Berlin:20260329T060000|RRULE:FREQ=DAILY;UNTIL=20260329T200000Z",
      ["instant 2026-03-28T21:00 2026-03-29T04:00", "instant 2026-03-29T20:00 2026-03-30T03:00"],
    ],
    [
      "without a time that EXDATE gives in UTC",
      "DTSTART;TZID=Europe/Berlin:20260701T220000|RRULE:FREQ=DAILY;COUNT=2|EXDATE:20260701T200000Z",
      ["instant 2026-07-02T20:00 2026-07-02T20:00:00.001Z"],
    ],
    [
      "that never come leave the first",
      "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
      days("2026-01-01"),
    ],
    [
      "that never come in a month leave the first",
      "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
      days("2026-01-01"),
    ],
  ];
  it.each(rows)("%s", (_name, event, stretches) => {
    expect(read(calendar(event))).toEqual(stretches);
  });

  /** RFC 5545, 3.8.5.3. */
  const examples: [name: string, rule: string, starts: string[]][] = [
    [
      "every Friday the 13th",
      "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
      ["1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13", "2000-10-13"],
    ],
    [
      "every four years, the first Tuesday after a Monday in November",
      "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
      ["1996-11-05", "2000-11-07", "2004-11-02"],
    ],
    [
      "the last but one workday of the month",
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
      ["1997-09-29", "1997-10-30", "1997-11-27", "1997-12-30"],
    ],
    [
      "the third to the last day of the month",
      "FREQ=MONTHLY;BYMONTHDAY=-3",
      ["1997-09-28", "1997-10-29", "1997-11-28", "1997-12-29", "1998-01-29", "1998-02-26"],
    ],
    ["every 20th Monday of the year", "FREQ=YEARLY;BYDAY=20MO", ["1997-05-19", "1998-05-18", "1999-05-17"]],
    [
      "every third year on days of the year",
      "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200",
      ["1997-01-01", "1997-04-10", "1997-07-19", "2000-01-01", "2000-04-09"],
    ],
    [
      "every other month on the first and last Sunday",
      "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU",
      ["1997-09-07", "1997-09-28", "1997-11-02", "1997-11-30", "1998-01-04", "1998-01-25"],
    ],
    [
      "every other week that begins on Monday",
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
      ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"],
    ],
    [
      "every other week that begins on Sunday",
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
      ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"],
    ],
    [
      "every Thursday in March",
      "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
      ["1997-03-13", "1997-03-20", "1997-03-27", "1998-03-05"],
    ],
    [
      "an invalid date is left out",
      "FREQ=MONTHLY;BYMONTHDAY=15,30",
      ["2007-01-15", "2007-01-30", "2007-02-15", "2007-03-15", "2007-03-30"],
    ],
  ];
  it.each(examples)("as the standard shows: %s", (_name, rule, starts) => {
    const start = starts[0]?.replaceAll("-", "");
    const event = `DTSTART;VALUE=DATE:${start}|RRULE:${rule};COUNT=${starts.length}`;
    expect(read(calendar(event))).toEqual(days(...starts));
  });

  it("can be moved and cancelled one by one", () => {
    const series = "UID:1|DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;COUNT=3|SUMMARY:New Year";
    const moved = "UID:1|RECURRENCE-ID;VALUE=DATE:20270101|DTSTART;VALUE=DATE:20270104|SUMMARY:Later";
    const cancelled = "UID:1|RECURRENCE-ID;VALUE=DATE:20280101|DTSTART;VALUE=DATE:20280101|STATUS:CANCELLED";
    expect(read(calendar(series, moved, cancelled))).toEqual([
      "wall 2026-01-01T00:00 2026-01-02T00:00 New Year",
      "wall 2027-01-04T00:00 2027-01-05T00:00 Later",
    ]);
  });

  it("count in their latest revision, where the file has several", () => {
    const day = (sequence: number, date: string) => `UID:1|SEQUENCE:${sequence}|DTSTART;VALUE=DATE:${date}`;
    const moved = (sequence: number, date: string) =>
      `${day(sequence, date)}|RECURRENCE-ID;VALUE=DATE:20270101`;
    const series = `${day(1, "20260101")}|RRULE:FREQ=YEARLY;COUNT=2`;
    expect(read(calendar(day(0, "20251231"), series, moved(2, "20270105"), moved(1, "20270104")))).toEqual(
      days("2026-01-01", "2027-01-05"),
    );
    // Some programs give all events one UID.
    expect(read(calendar(day(0, "20260101"), day(0, "20260201")))).toEqual(days("2026-01-01", "2026-02-01"));
  });

  it("end with the last year of calendars", () => {
    const stretches = read(calendar("DTSTART;VALUE=DATE:19000101|RRULE:FREQ=YEARLY"));
    expect(stretches).toHaveLength(130);
    expect(stretches.at(-1)).toBe("wall 2099-01-01T00:00 2099-01-02T00:00");
  });
});

describe("a file that cannot be used", () => {
  const endless = Array.from(
    { length: 400 },
    () => "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
  );
  const many = Array.from({ length: 10_001 }, () => "DTSTART;VALUE=DATE:20260101");
  const daily = Array.from({ length: 2 }, () => "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY");
  const rows: [name: string, text: string, problem: RegExp][] = [
    ["is empty", " \n", /^the file is empty$/],
    ["is something else", "<html>", /^it is not iCalendar: there is no BEGIN:VCALENDAR$/],
    [
      "is vCalendar",
      "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nRRULE:D1 #5\nEND:VEVENT\nEND:VCALENDAR",
      /^line 2: vCalendar 1\.0 is another format: expected VERSION:2\.0$/,
    ],
    [
      "has dates with periods",
      calendar("DTSTART:20260701T090000Z|RDATE;VALUE=PERIOD:20260702T090000Z/PT2H"),
      /^event 1, line 5: RDATE with periods is not supported$/,
    ],
    [
      "is cut off",
      calendar("DTSTART;VALUE=DATE:20260101").slice(0, 70),
      /^it is cut off: BEGIN:VEVENT in line 3/,
    ],
    [
      "ends what it has not begun",
      "BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR",
      /^END:VEVENT in line 2 has no BEGIN:VEVENT before it$/,
    ],
    ["has no event", calendar(), /^there is no event in it$/],
    [
      "has cancelled events only",
      calendar("DTSTART;VALUE=DATE:20260101|STATUS:CANCELLED"),
      /^none of its events/,
    ],
    [
      "has an event without a start",
      calendar("SUMMARY:Party"),
      /^event 1 \(Party\), line 3: it has no DTSTART$/,
    ],
    [
      "has a date that does not exist",
      calendar("DTSTART;VALUE=DATE:20260230"),
      /^event 1, line 4: DTSTART is not a date/,
    ],
    [
      "has a time that is none",
      calendar("SUMMARY:a", "SUMMARY:b|DTSTART:soon"),
      /^event 2 \(b\), line 8: DTSTART: invalid date-time value: "SOON/,
    ],
    [
      "has an event that ends too early",
      calendar("DTSTART:20260102T000000Z|DTEND:20260101T000000Z"),
      /ends before/,
    ],
    [
      "mixes dates and times",
      calendar("DTSTART;VALUE=DATE:20260102|DTEND:20260103T000000Z"),
      /not both dates/,
    ],
    [
      "names a zone that is none",
      calendar("DTSTART;TZID=Mars/Base:20260101T000000"),
      /^event 1, line 4: TZID "Mars\/Base" is not known: expected the TZID of a VTIMEZONE in the file/,
    ],
    [
      "repeats every second",
      calendar("DTSTART:20260101T000000Z|RRULE:FREQ=SECONDLY"),
      /FREQ=SECONDLY: expected DAILY/,
    ],
    [
      "repeats by the hour",
      calendar("DTSTART:20260101T000000Z|RRULE:FREQ=DAILY;BYHOUR=1,2"),
      /RRULE has BYHOUR/,
    ],
    [
      "repeats by Easter",
      calendar("DTSTART;VALUE=DATE:20260405|RRULE:FREQ=YEARLY;BYEASTER=0"),
      /RRULE has BYEASTER/,
    ],
    [
      "repeats in strides",
      calendar("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=WEEKLY;INTERVAL=9999999"),
      /INTERVAL=9999999/,
    ],
    ["has a rule that is none", calendar("DTSTART;VALUE=DATE:20260101|RRULE:weekly"), /^event 1, line 5: /],
    ["has a rule without a colon", calendar("DTSTART:20260101|RRULE FREQ=DAILY"), /^event 1, line 5: /],
    ["has a start that is none", calendar("X-A:1|DTSTART:soon"), /^event 1, line 5: /],
    [
      "changes all later repetitions",
      calendar(
        "UID:1|DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY",
        "UID:1|RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260102|DTSTART;VALUE=DATE:20260103",
      ),
      /RANGE/,
    ],
    ["has too many events", calendar(...many), /^there are 10001 events in it: expected at most 10000$/],
    ["has too many repetitions", calendar(...daily), /take place more than 50000 times$/],
    [
      "has too many repetitions to look for",
      calendar(...endless),
      /takes too long to follow the repetitions$/,
    ],
  ];
  it.each(rows)("%s", (_name, text, problem) => {
    const lines = read(text);
    expect(lines).toEqual([expect.stringMatching(problem)]);
  });
});

it.each([
  ["with a byte order mark", "\ufeff"],
  ["without one", ""],
])("a file of UTF-16 is named as such, %s", (_name, mark) => {
  const bytes = Buffer.from(`${mark}${calendar("DTSTART;VALUE=DATE:20260101")}`, "utf16le");
  for (const text of [bytes, Buffer.from(bytes).swap16()])
    expect(readIcs(text)).toEqual({ problem: "it is UTF-16: expected UTF-8" });
});

describe("a file that is broken somewhere", () => {
  const whole = calendar(
    "UID:1|DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1MO|EXDATE;VALUE=DATE:20270104|SUMMARY:New",
    "UID:2|DTSTART;TZID=Europe/Berlin:20260328T220000|DURATION:PT8H|RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z",
    "UID:2|RECURRENCE-ID;TZID=Europe/Berlin:20260404T220000|DTSTART:20260404T200000Z|DTEND:20260404T220000Z",
  );
  const snippets = [
    "BEGIN:VEVENT\r\n",
    "END:VEVENT",
    ":",
    ";",
    "=",
    ",",
    "\r\n",
    "\n ",
    "-",
    "99999999",
    "T",
    "Z",
    "\u0000",
    '"',
  ];

  it("gives stretches or one problem", () => {
    const edit = fc.record({
      at: fc.nat({ max: whole.length }),
      length: fc.nat({ max: 20 }),
      put: fc.oneof(fc.constantFrom(...snippets), fc.string({ maxLength: 5, unit: "binary" })),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
        const text = edits.reduce(
          (text, { at, length, put }) => text.slice(0, at) + put + text.slice(at + length),
          whole,
        );
        const result = readIcs(Buffer.from(text));
        if ("problem" in result) expect(result.problem).toMatch(/^[^\n]{1,300}$/u);
        else expect(result.stretches.every(({ start, end }) => start < end)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
