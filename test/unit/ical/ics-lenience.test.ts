import { describe, expect, it } from "vitest";
import { readIcs } from "../../../src/ical/ics.ts";
import { calendar, readCalendar as read } from "../../support/ics.ts";

describe("a file that is not quite right", () => {
  const CLOSED = ["wall 2026-12-24T00:00 2026-12-25T00:00 Closed"];
  const day = "DTSTART;VALUE=DATE:20261224|SUMMARY:Closed";

  it("may fold inside of a character, with any end of line", () => {
    const text = Buffer.from(calendar("DTSTART;VALUE=DATE:20261224|SUMMARY:Zürich"));
    const inside = text.indexOf("ü") + 1;
    for (const fold of ["\r\n ", "\n\t", "\r "]) {
      const result = readIcs(
        Buffer.concat([text.subarray(0, inside), Buffer.from(fold), text.subarray(inside)]),
      );
      expect(result).toMatchObject({ stretches: [{ name: "Zürich" }] });
    }
  });

  it.each([
    [
      "in small letters",
      calendar("dtstart;value=date:20261224|summary:Closed").toLowerCase().replace("closed", "Closed"),
    ],
    [
      "with blanks at ends",
      calendar(day).replaceAll("\r\n", "  \r\n").replace("BEGIN:VEVENT", "BEGIN: VEVENT"),
    ],
    ["with a date that is not called one", calendar("DTSTART:20261224|SUMMARY:Closed")],
    ["with empty lines", calendar(day).replaceAll("\r\n", "\r\n\r\n")],
    ["with a byte order mark", `\ufeff${calendar(day)}`],
    ["with a date that is called a time", calendar("DTSTART;VALUE=DATE-TIME:20261224|SUMMARY:Closed")],
    ["with an empty list of dates", calendar(`${day}|EXDATE:|RDATE;VALUE=DATE:`)],
    ["with a parameter that is not one", calendar("DTSTART;VALUE=DATE;:20261224|SUMMARY:Closed")],
    ["with a rule that ends in a separator", calendar(`${day}|RRULE:FREQ=YEARLY;COUNT=1;`)],
    ["with a rule in small letters and blanks", calendar(`${day}|RRULE:freq=yearly; count=1 `)],
    [
      "with a description that is not folded",
      calendar(`DESCRIPTION:Closed.|Duration: two days|and no more|${day}`),
    ],
    ["with properties that are none", calendar(`${day}|X-ALT-DESC;FMTTYPE="text:1|LOCATION;;=:|ATTENDEE`)],
    [
      "with an alarm of its own length",
      calendar(`${day}|BEGIN:VALARM|TRIGGER:soon|DURATION:PT5M|END:VALARM`),
    ],
  ])("is read: %s", (_name, text) => {
    expect(read(text)).toEqual(CLOSED);
  });

  it("is read where texts are not UTF-8", () => {
    const latin1 = Buffer.from(calendar(`DESCRIPTION:f\u00fcr alle|${day}`), "latin1");
    expect(readIcs(latin1)).toMatchObject({ stretches: [{ name: "Closed" }] });
  });
});
