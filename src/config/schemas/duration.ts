import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../schedule/time-units.ts";

/** The shortest text that `parseDuration` reads back as the same whole milliseconds: 5_400_000 is `1h30m`. */
export { durationText as formatDuration } from "../../schedule/duration.ts";

const UNITS_MS = [DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, 1];

/** Units from large to small, each at most once: `250ms`, `10s`, `1h30m`, `7d`. The same text goes into JSON Schema. */
export const DURATION_PATTERN = /^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/** The milliseconds of a duration, or null when the text is none. A number without a unit is none: seconds or ms? */
export function parseDuration(text: string): number | null {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return null;
  const total = UNITS_MS.reduce((sum, unitMs, index) => {
    return sum + Number.parseInt(match[index + 1] ?? "0", 10) * unitMs;
  }, 0);
  return Number.isSafeInteger(total) ? total : null;
}
