import { describe, expect, it } from "vitest";
import { cronKind } from "../../../src/schedule/kinds/cron.ts";

describe("what looks like Quartz, which counts Sunday as 1,", () => {
  it.each([
    ["0 0 12 ? * 2-6", "2-6 is Tuesday to Saturday (as TUE-SAT it says so)"],
    ["0 9 * * 2-6", "2-6 is Tuesday to Saturday (as TUE-SAT it says so)"],
    ["0 0 12 ? * 1", "1 is Monday (as MON it says so)"],
    ["0 0 12 ? * 2,4-6", "2,4-6 is Tuesday, Thursday to Saturday (as TUE,THU-SAT it says so)"],
    ["0 0 12 ? * 6L", "6L is the last Saturday (as SATL it says so)"],
    ["0 0 12 ? * 2#1", "2#1 is Tuesday number 1 of the month (as TUE#1 it says so)"],
  ])("is reported: %s", (cron, words) => {
    expect(cronKind.advise(["0 0 * * *", cron])).toEqual([
      `"${cron}" looks like Quartz, which counts the days of the week from Sunday as 1: here ${words}`,
    ]);
  });

  it.each(["0 0 12 ? * MON-FRI", "0 0 12 1 * ?", "0 9 * * 1-5", "0 9 * * 6L", "0 0 12 ? * SATL"])(
    "is not reported where it has one meaning: %s",
    cron => {
      expect(cronKind.advise(cron)).toEqual([]);
    },
  );
});
