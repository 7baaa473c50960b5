import fc from "fast-check";
import { readIcs } from "../../src/ical/ics.ts";
import { Calendar } from "../../src/schedule/calendar.ts";
import { createSchedule } from "../../src/schedule/create-schedule.ts";
import { calendar } from "../support/ics.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { mutatedText } from "./mutations.ts";

const date = fc
  .tuple(fc.constantFrom("1970", "2026", "2096", "0001", "9999"), fc.nat({ max: 13 }), fc.nat({ max: 32 }))
  .map(([year, month, day]) => `${year}${String(month).padStart(2, "0")}${String(day).padStart(2, "0")}`);
const time = fc.oneof(
  date.map(day => `:${day}T103000Z`),
  date.map(day => `:${day}T240000`),
  date.map(day => `;VALUE=DATE:${day}`),
  fc
    .tuple(fc.constantFrom("Europe/Berlin", "America/New_York", "Nowhere", "\u0000"), date)
    .map(([zone, day]) => `;TZID=${zone}:${day}T023000`),
);
const number = fc.oneof(fc.integer({ min: -60, max: 60 }), fc.constantFrom(0, 366, -366, 1e9));
const part = fc.oneof(
  number.map(interval => `INTERVAL=${interval}`),
  number.map(count => `COUNT=${count}`),
  date.map(day => `UNTIL=${day}`),
  fc.array(fc.constantFrom("MO", "-1FR", "53SU", "XX", ""), { maxLength: 4 }).map(days => `BYDAY=${days}`),
  fc
    .tuple(
      fc.constantFrom("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS", "BYHOUR", "BYWEEKNO", "X-A"),
      fc.array(number, { maxLength: 4 }),
    )
    .map(([key, values]) => `${key}=${values}`),
  fc.constantFrom("WKST=MO", "SKIP=OMIT", "FREQ=DAILY", "="),
);
const rule = fc
  .tuple(
    fc.constantFrom("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "SECONDLY", ""),
    fc.array(part, { maxLength: 4 }),
  )
  .map(([frequency, parts]) => `RRULE:${[`FREQ=${frequency}`, ...parts].join(";")}`);
const property = fc.oneof(
  time.map(value => `DTSTART${value}`),
  time.map(value => `DTEND${value}`),
  time.map(value => `EXDATE${value}`),
  time.map(value => `RDATE${value}`),
  time.map(value => `RECURRENCE-ID${value}`),
  rule,
  fc.constantFrom(
    "DURATION:P1D",
    "DURATION:-PT1H",
    "DURATION:P99999999999W",
    "SUMMARY:A\\nB",
    "UID:1",
    "STATUS:CANCELLED",
    "RDATE;VALUE=PERIOD:20260101T000000Z/P1D",
  ),
);
const event = fc
  .tuple(time, fc.array(property, { maxLength: 5 }))
  .map(([start, properties]) => [`DTSTART${start}`, ...properties].join("|"));
const files = fc.array(event, { minLength: 1, maxLength: 4 }).map(events => calendar(...events));
const nested = fc
  .nat({ max: 3_000 })
  .map(depth => `${"BEGIN:VCALENDAR\r\n".repeat(depth + 1)}BEGIN:VEVENT\r\n`);

export const icsTarget = fuzzTarget({
  name: "ics",
  inputs: fc.oneof({ weight: 5, arbitrary: files }, { weight: 4, arbitrary: mutatedText(files) }, nested),
  check(text) {
    const result = readIcs(Buffer.from(text));
    if ("problem" in result) {
      if (/\p{Cc}/u.test(result.problem))
        throw new Error(`control characters: ${JSON.stringify(result.problem)}`);
      if (result.problem === "" || result.problem.length > 500)
        throw new Error(`no short text: ${result.problem}`);
      return;
    }
    for (const { start, end, name } of result.stretches) {
      if (!(Number.isFinite(start) && start < end)) throw new Error(`a stretch from ${start} to ${end}`);
      if (name !== undefined && /\p{Cc}/u.test(name))
        throw new Error(`control characters in ${JSON.stringify(name)}`);
    }
    const created = createSchedule({
      cron: ["0 9 * * *"],
      timezone: "Europe/Berlin",
      dst: { gap: "run", overlap: "first" },

      except: ["calendar:x"],
      calendars: { x: new Calendar({ name: "x", stretches: result.stretches }) },
      jitterMs: 0,
      seed: "x",
    });
    if (!created.ok) throw new Error(JSON.stringify(created.issues));
    created.schedule.next(Date.UTC(2026, 0));
    created.schedule.candidate(Date.UTC(2026, 0));
  },
});
