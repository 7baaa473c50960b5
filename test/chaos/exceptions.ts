/** Ticks that a job does not have. */
export interface Exception {
  /** As an entry of `except`. */
  readonly entry: string;
  readonly covers: (tickAtMs: number) => boolean;
  /** Of a calendar: the content of the file. */
  readonly ics?: string;
}

export const CALENDAR = "away";
export const CALENDAR_FILE = "away.ics";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** How long a run may take, its end included. */
const CALENDAR_MINUTES = 180;

/** The seconds of each minute from one to another, the last one not included, by a cron expression. */
export function cronException(fromSecond: number, untilSecond: number): Exception {
  return {
    entry: `${fromSecond}-${untilSecond - 1} * * * * *`,
    covers: tickAtMs => isWithin(tickAtMs, fromSecond, untilSecond),
  };
}

/** The same, by one event for each minute from the beginning of the run. */
export function calendarException(fromSecond: number, untilSecond: number): Exception {
  const startMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const events = Array.from({ length: CALENDAR_MINUTES }, (_, minute) =>
    eventOf(startMs + minute * MINUTE_MS, fromSecond, untilSecond),
  );
  return {
    entry: `calendar:${CALENDAR}`,
    covers: tickAtMs => isWithin(tickAtMs, fromSecond, untilSecond),
    ics: ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//chaos//EN", ...events, "END:VCALENDAR", ""].join(
      "\r\n",
    ),
  };
}

function isWithin(tickAtMs: number, fromSecond: number, untilSecond: number): boolean {
  const second = (tickAtMs % MINUTE_MS) / SECOND_MS;
  return second >= fromSecond && second < untilSecond;
}

function eventOf(minuteMs: number, fromSecond: number, untilSecond: number): string {
  const at = (second: number) =>
    new Date(minuteMs + second * SECOND_MS).toISOString().replace(/[-:]|\.000/g, "");
  return [
    "BEGIN:VEVENT",
    `UID:${minuteMs}@chaos`,
    `DTSTAMP:${at(0)}`,
    `DTSTART:${at(fromSecond)}`,
    `DTEND:${at(untilSecond)}`,
    "END:VEVENT",
  ].join("\r\n");
}
