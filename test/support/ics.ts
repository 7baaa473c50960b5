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
