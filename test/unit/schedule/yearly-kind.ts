import { z } from "zod";
import type { ScheduleKind } from "../../../src/schedule/schedule-kind.ts";

/** One tick a year, at midnight of the first of January: the smallest kind that needs every part of the contract. */
export const yearlyKind = {
  key: "yearly",
  field: "fromYear",
  schema: z.int({ error: "expected a year" }),
  description: "From this year on, at the beginning of each year.",
  stored: z.number(),
  asksWallClock: false,
  read(fromYear, _rules, report) {
    if (fromYear < 1970) report({ problem: `${fromYear} is before 1970` });
    const yearOf = (ms: number) => new Date(ms).getUTCFullYear();
    return {
      source: {
        next: after => ({ at: Date.UTC(Math.max(yearOf(after) + 1, fromYear), 0, 1) }),
        previous: at => (yearOf(at) < fromYear ? null : { at: Date.UTC(yearOf(at), 0, 1) }),
      },
      canonical: fromYear,
    };
  },
  text: fromYear => `yearly from ${fromYear}`,
  describe: async fromYear => [`At the beginning of each year from ${fromYear} on.`],
  advise: written => (written === 1970 ? ["that is long ago"] : []),
} as const satisfies ScheduleKind<number>;
