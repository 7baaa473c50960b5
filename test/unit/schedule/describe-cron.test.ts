import { describe, expect, it } from "vitest";
import { describeCron, resolvedCron } from "../../../src/schedule/describe-cron.ts";

describe("describeCron", () => {
  it.each([
    ["30 2 * * 1-5", "At 02:30, Monday through Friday"],
    ["30 2 * * mon,tue,wed,thu,fri", "At 02:30, Monday through Friday"],
    ["@daily", "At 00:00"],
    ["0 0 L * ?", "At 00:00, on the last day of the month"],
    ["0 0 * * 5L", "At 00:00, on the last Friday of the month"],
    ["0 9 * * 5#3,1#1", "At 09:00, on the first Monday and third Friday of the month"],
    ["0 9 1,L * *", "At 09:00, on day 1 and the last day of the month"],
    ["15 30 2 * * *", "At 02:30:15"],
    ["*/20 * * * * *", "Every 20 seconds"],
    ["*/15 3 * * *", "Every 15 minutes, between 03:00 and 03:59"],
    ["0-58/2 * * * *", "Every 2 minutes"],
  ])("says %s", (expression, words) => {
    expect(describeCron(expression, "job")).toBe(words);
  });

  it.each([
    ["*/45 * * * *", "At 0 and 45 minutes past the hour"],
    ["0 */9 * * *", "At 00:00, 09:00 and 18:00"],
    ["0 0 * */5 *", "At 00:00, only in January, June, and November"],
    ["0 0 * * */3", "At 00:00, only on Sunday, Wednesday, and Saturday"],
    ["0 0 */10 * *", "At 00:00, on day 1, 11, 21, and 31 of the month"],
    ["*/20 0 2 * * *", "At 0, 20, and 40 seconds past the minute, on the hour, at 02:00"],
  ])("does not call %s a period that it does not have", (expression, words) => {
    expect(describeCron(expression, "job")).toBe(words);
  });

  it("says that either day is enough", () => {
    const words = "At 00:00, on day 1 of the month, and on Monday (a day that fits either counts)";
    expect(describeCron("0 0 1 * mon", "job")).toBe(words);
  });

  it.each([
    [
      "0 9 */1 * 1-5",
      "At 09:00, Monday through Friday (*/1 is every day of the month, so the day of the week alone counts)",
    ],
    [
      "0 0 9 13 * 0-6",
      "At 09:00, on day 13 of the month (0-6 is every day of the week, so the day of the month alone counts)",
    ],
    ["0 9 1-31 * ?", "At 09:00"],
  ])("says which day field %s leaves without effect", (expression, words) => {
    expect(describeCron(expression, "job")).toBe(words);
  });

  it("says the values that the name of the job has given", () => {
    expect(describeCron("H H * * *", "nightly-report")).toBe("At 18:22");
    expect(resolvedCron("H H * * *", "nightly-report")).toBe("22 18 * * *");
    expect(resolvedCron("22 18 * * *", "nightly-report")).toBeNull();
  });
});
