import { describe, expect, it } from "vitest";
import { describeChange } from "../../../src/cli/explain/describe-change.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";
import { jobOf } from "../../support/jobs.ts";

const NEW_YEAR = Date.parse("2026-01-01T00:00:00Z");

function words(spec: Partial<ScheduleSpec>): string[] {
  const job = jobOf("job", {}, { timezone: "Europe/Berlin", ...spec });
  return describeChange(job, NEW_YEAR).map(({ what, effect }) => `${what} ${effect}`);
}

const SPRING = "On 2026-03-29 at 02:00 the clocks go forward by 1h to 03:00.";
const AUTUMN = "On 2026-10-25 at 03:00 the clocks go back by 1h to 02:00.";
const UNMOVED = "No tick of this job is moved or left out.";
const GAP = "shifted by +1h: 02:30 does not exist on this day";
const skip = { gap: "skip", overlap: "both" } as const;

describe("what the clock changes of a year do to a job", () => {
  const rows: [name: string, spec: Partial<ScheduleSpec>, words: string[]][] = [
    [
      "a tick in the hour that is left out and comes twice",
      { cron: ["30 2 * * *"] },
      [
        `${SPRING} Launched later (dst.gap: run): 2026-03-29 03:30 CEST, ${GAP}.`,
        `${AUTUMN} Launched at the first pass only (dst.overlap: first): 2026-10-25 02:30 CEST.`,
      ],
    ],
    [
      "with gap: skip and overlap: both",
      { cron: ["30 2 * * *"], dst: skip },
      [
        `${SPRING} Not launched (dst.gap: skip): 02:30 does not exist on this day.`,
        `${AUTUMN} Launched at both passes: 2026-10-25 02:30 CEST; 2026-10-25 02:30 CET.`,
      ],
    ],
    [
      "a tick at another hour",
      { cron: ["0 12 * * *"] },
      [`${SPRING} ${UNMOVED}`, `${AUTUMN} No tick of this job falls into the time that comes twice.`],
    ],
    [
      "any hour",
      { cron: ["30 * * * *"] },
      [
        `${SPRING} ${UNMOVED}`,
        `${AUTUMN} Launched at both passes: 2026-10-25 02:30 CEST; 2026-10-25 02:30 CET.`,
      ],
    ],
    [
      "more ticks than anybody reads",
      { cron: ["*/10 2 * * *"], dst: { gap: "skip", overlap: "first" } },
      [
        `${SPRING} Not launched (dst.gap: skip): ${["02:00", "02:10", "02:20", "02:30"].map(time => `${time} does not exist on this day`).join("; ")}; and 2 more.`,
        expect.stringMatching(/first pass only .*02:30 CEST; and 2 more\.$/),
      ],
    ],
    [
      "a change of half an hour",
      { cron: ["15 2 * * *"], timezone: "Australia/Lord_Howe" },
      [
        expect.stringMatching(/^On 2026-04-05 at 02:00 the clocks go back by 30m to 01:30\. No tick/),
        expect.stringMatching(
          /^On 2026-10-04 at 02:00 the clocks go forward by 30m to 02:30\. .*02:15 does not exist/,
        ),
      ],
    ],
    ["a zone that keeps its time", { cron: ["30 2 * * *"], timezone: "Asia/Tokyo" }, []],
    ["a schedule that asks no clock on a wall", { everyMs: 60_000 }, []],
  ];
  it.each(rows)("%s", (_name, spec, expected) => {
    expect(words(spec)).toEqual(expected);
  });
});
