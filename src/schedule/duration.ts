import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./time-units.ts";

const UNITS = [
  ["d", DAY_MS],
  ["h", HOUR_MS],
  ["m", MINUTE_MS],
  ["s", SECOND_MS],
  ["ms", 1],
] as const;

/** A duration of whole milliseconds as the config writes it: `1h30m`. */
export function durationText(ms: number): string {
  let rest = ms;
  let text = "";
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text === "" ? "0s" : text;
}
