import { parseCronFields } from "../schedule/cron.ts";
import { parseCronSyntax } from "../schedule/cron-syntax.ts";

/** A pattern of BullMQ's in the words of a job. */
export interface CarriedPattern {
  readonly cron: string;
  readonly notes: readonly string[];
}

/** The first release that reads patterns with cron-parser 5. */
const NEW_PARSER = 6;

/**
 * Says a pattern so that Bellwether has the same days. BullMQ up to 5 (and Bull) reads it with cron-parser 4, BullMQ 6
 * with cron-parser 5. The two differ in whether a day field that holds every day restricts, so that a day which fits
 * either field is enough:
 *
 * - To cron-parser 5 everything but `*` and `?` restricts, also `1-31` and a star with a step of 1.
 * - cron-parser 4 counts values, and Sunday twice: `0-7` does not restrict, `0-6` does. It compares the days with the
 *   length of the month, so `1-30` does not restrict in April.
 *
 * `version` is BullMQ's major one, or null when it is not known.
 */
export function carryPattern(pattern: string, version: number | null): CarriedPattern {
  const asWritten = { cron: pattern, notes: [] };
  const parsed = parseCronFields(pattern, "");
  if (!parsed.ok) return asWritten;
  const { anyDay, anyWeekday, daysOfMonth } = parsed.fields.days;
  const isOld = version !== null && version < NEW_PARSER;
  if (!anyDay && !anyWeekday) {
    const isShort = daysOfMonth.length >= SHORTEST_MONTH && version !== NEW_PARSER;
    return isShort ? { cron: pattern, notes: [SHORT_MONTHS] } : asWritten;
  }
  const fields = pattern.trim().split(/\s+/);
  const whole = fields.at(anyDay ? -3 : -1) ?? "*";
  if ((anyDay && anyWeekday) || whole === "*" || whole === "?") return asWritten;
  const restrictsOld = anyWeekday && !holdsSeven(pattern);
  const everyDay = [...fields.slice(0, -3), "*", fields.at(-2), "*"].join(" ");
  if (restrictsOld || (version !== null && !isOld)) {
    const note = `BullMQ ran ${pattern} every day: to it ${whole} restricts, and a day that fits either field is enough`;
    return { cron: everyDay, notes: [note] };
  }
  if (isOld) return asWritten;
  return {
    cron: pattern,
    notes: [
      `which version of BullMQ read ${pattern} is not known: up to 5 it ran as it is here, BullMQ 6 ran it every day`,
    ],
  };
}

const SHORTEST_MONTH = 28;
const SHORT_MONTHS =
  "in months that have no more days than its pattern names, BullMQ up to 5 ran it on its days of the week only";

/** Whether a day-of-week field that holds every day names Sunday as 7 too, which `*` with a step does. */
function holdsSeven(pattern: string): boolean {
  const parsed = parseCronSyntax(pattern);
  const items = parsed.ok ? (parsed.syntax.fields[5] ?? []) : [];
  return items.some(item => {
    return item.kind === "values" && item.to === 7 && (7 - item.from) % item.step === 0;
  });
}
