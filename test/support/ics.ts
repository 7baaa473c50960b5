import { readIcs } from "../../src/ical/ics.ts";

/** An iCalendar file; the lines of an event are separated by `|`. */
export function calendar(...events: readonly string[]): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    ...events.flatMap(event => ["BEGIN:VEVENT", ...event.split("|"), "END:VEVENT"]),
    "END:VCALENDAR",
  ];
  return lines.map(line => `${line}\r\n`).join("");
}

/** `wall 2026-12-25T00:00 2026-12-26T00:00 Christmas Day`, or the problem. */
export function readCalendar(text: string): string[] {
  const result = readIcs(Buffer.from(text));
  if ("problem" in result) return [result.problem];
  return result.stretches.map(({ clock, start, end, name }) => {
    const minutes = [start, end].map(ms => new Date(ms).toISOString().replace(/:00\.000Z$/, ""));
    return [clock, ...minutes, ...(name ? [name] : [])].join(" ");
  });
}
