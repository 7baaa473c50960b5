import { describe, expect, it } from "vitest";
import type { KnownJob } from "../../../src/client/cluster.ts";
import { type Forecast, forecastOf } from "../../../src/client/forecast.ts";
import { listTicks } from "../../../src/client/tick-list.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";
import { jobOf } from "../../support/jobs.ts";
import { Random } from "../../support/random.ts";

const FROM = new Date("2026-10-24T12:34:56.789Z");
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];
const SPECS: readonly Partial<ScheduleSpec>[] = [
  { cron: ["*/7 * * * *"] },
  { cron: ["30 2 * * *"] },
  { cron: ["0 */2 * * *"] },
  { cron: ["H H * * *"] },
  { cron: ["*/20 * * * * *"], startMs: FROM.getTime() + DAY_MS },
  { cron: ["0 9 * * 1-5", "0 12 * * 6"], except: ["2026-10-26"] },
  { everyMs: 90_000 },
  { everyMs: 3_600_000, endMs: FROM.getTime() + DAY_MS },
  { at: ["2026-10-25T00:30:00Z", "2026-10-25T00:30:30Z", "2027-01-01T00:00:00Z"].map(Date.parse) },
];

/** When a leader on time launches the ticks that `next` lists, and of which jobs they are. */
function launches(jobs: readonly KnownJob[], fromMs: number, toMs: number) {
  // Jitter lets go of ticks from before the period.
  const { rows } = listTicks(jobs, { fromMs: fromMs - DAY_MS, untilMs: toMs, count: 1_000_000 });
  return rows.filter(({ exclusion, launchAt }) => !exclusion && launchAt >= fromMs && launchAt < toMs);
}

/** The same as a forecast has it. */
function byNext(jobs: readonly KnownJob[], { from, to }: Forecast): readonly (readonly [string, number])[] {
  const rows = launches(jobs, Date.parse(from), Date.parse(to));
  const minutes = Map.groupBy(rows, ({ launchAt }) => Math.floor(launchAt / MINUTE_MS) * MINUTE_MS);
  return [...minutes]
    .sort(([a], [b]) => a - b)
    .map(([minute, own]) => [new Date(minute).toISOString(), own.length] as const);
}

describe("a forecast", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("counts what next lists, over clock changes (seed %s)", async seed => {
    const random = new Random(seed);
    const jobs = Array.from({ length: 12 }, (_, i) =>
      jobOf(
        `job-${i}`,
        {},
        {
          ...random.pick(SPECS),
          timezone: random.pick(ZONES),
          jitterMs: random.pick([0, 0, 0, 5_000, 600_000]),
          dst: {
            gap: random.pick(["run", "skip"] as const),
            overlap: random.pick(["first", "both"] as const),
          },
        },
      ),
    );
    const forecast = await forecastOf(jobs, { from: FROM, days: 3 });
    const expected = byNext(jobs, forecast);
    expect(forecast.buckets).toEqual(expected);
    expect(forecast.total).toBe(expected.reduce((sum, [, count]) => sum + count, 0));
    const counts = new Map(expected);
    const first = Date.parse(forecast.from) + MINUTE_MS;
    const minutes = (Date.parse(forecast.to) - first) / MINUTE_MS;
    const each = Array.from({ length: minutes }, (_, i) => new Date(first + i * MINUTE_MS).toISOString());
    const fewest = Math.min(...each.map(minute => counts.get(minute) ?? 0));
    expect(forecast.quiet).toBe(each.find(minute => (counts.get(minute) ?? 0) === fewest));
    for (const { at, count, jobs: named } of forecast.worst) {
      expect(count).toBe(counts.get(at));
      const own = launches(jobs, Date.parse(at), Date.parse(at) + MINUTE_MS);
      const names = new Set(own.map(({ job }) => job.name));
      expect(named.length).toBe(Math.min(names.size, 10));
      expect(named.filter(name => !names.has(name))).toEqual([]);
    }
  });

  it("names the worst collisions, each set of jobs once, and the next quiet minute", async () => {
    const jobs = [
      jobOf("a", {}, { cron: ["0,1 * * * *"] }),
      jobOf("b", {}, { cron: ["0 * * * *"] }),
      jobOf("c", {}, { cron: ["0 3 * * *"] }),
    ];
    const { worst, quiet } = await forecastOf(jobs, { from: new Date("2026-11-23T00:00:20Z"), days: 2 });
    expect(worst).toEqual([
      { at: "2026-11-23T03:00:00.000Z", count: 3, jobs: ["a", "b", "c"] },
      { at: "2026-11-23T00:00:00.000Z", count: 2, jobs: ["a", "b"] },
    ]);
    expect(quiet).toBe("2026-11-23T00:02:00.000Z");
  });

  it("ends earlier, and is whole up to there, where the jobs have more ticks than it counts", async () => {
    const jobs = Array.from({ length: 30 }, (_, i) => jobOf(`job-${i}`, {}, { everyMs: 1_000 + i }));
    const { from, to, buckets } = await forecastOf(jobs, { from: FROM, days: 7 });
    const minutes = (Date.parse(to) - Date.parse(from)) / MINUTE_MS;
    expect(minutes).toBeLessThan(7 * 24 * 60);
    expect(minutes % 60).toBe(0);
    expect(buckets).toHaveLength(minutes);
  });

  it("refuses a time that it cannot cover", async () => {
    for (const days of [0, -1, 32, Number.NaN]) {
      await expect(forecastOf([], { days })).rejects.toMatchObject({ code: "BW_ARGUMENT_INVALID" });
    }
  });
});
