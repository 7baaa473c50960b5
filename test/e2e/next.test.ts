import { describe, expect } from "vitest";
import { bellwether } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { calendar } from "../support/ics.ts";

const FILES = {
  "config/holidays.ics": calendar("DTSTART;VALUE=DATE:20251225|RRULE:FREQ=YEARLY|SUMMARY:Christmas Day"),
  "config/jobs.yaml": [
    "calendars:",
    "  de-holidays: { file: holidays.ics }",
    "jobs:",
    '  report: { cron: "0 2 * * *", timezone: Europe/Berlin, handler: a, except: [calendar:de-holidays] }',
    '  import: { cron: "0 1,13 * * *", handler: a, jitter: 10m }',
    '  trial: { cron: "30 12 * * *", handler: a, maxRuns: 2, start: 2026-12-25T00:00:00Z, end: 2026-12-26T00:00:00Z }',
    '  busy: { cron: "* * * * *", handler: a, except: "*/2 * * * *" }',
  ].join("\n"),
};

const test = base
  .extend("next", ({ makeProject }) => async (...args: string[]) => {
    const project = await makeProject(FILES);
    return await bellwether(["next", ...args], { cwd: project.dir });
  })
  .extend("json", ({ next }) => async (...args: string[]): Promise<Record<string, unknown>[]> => {
    const { code, stdout } = await next(...args, "--json");
    expect(code).toBe(0);
    return JSON.parse(stdout);
  });

describe.concurrent("next", () => {
  test("shows an excluded tick in the table, with the calendar and the event", async ({ next }) => {
    const { stdout } = await next("report", "--from", "2026-12-24T12:00:00Z", "--count", "1");
    expect(stdout.split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(
        /^report +2026-12-25T01:00:00\.000Z +2026-12-25 02:00 CET +excluded: calendar de-holidays \(Christmas Day\)$/,
      ),
      expect.stringMatching(/^report +2026-12-26T01:00:00\.000Z +2026-12-26 02:00 CET$/),
    ]);
  });

  test("keeps excluded ticks out of JSON, unless they are asked for", async ({ json }) => {
    const args = ["report", "--from", "2026-12-24T12:00:00Z", "--count", "1"];
    const tick = { job: "report", tick: "2026-12-26T01:00:00.000Z", local: "2026-12-26 02:00 CET" };
    expect(await json(...args)).toEqual([tick]);
    expect(await json(...args, "--excluded")).toEqual([
      {
        job: "report",
        tick: "2026-12-25T01:00:00.000Z",
        local: "2026-12-25 02:00 CET",
        excluded: "calendar de-holidays (Christmas Day)",
      },
      tick,
    ]);
  });

  test("names start and end where they take ticks away", async ({ json }) => {
    expect(await json("trial", "--from", "2026-12-20", "--excluded")).toEqual([
      expect.objectContaining({
        tick: "2026-12-20T12:30:00.000Z",
        excluded: "before start 2026-12-25T00:00:00Z",
        excludedUntil: "2026-12-24T12:30:00.000Z",
      }),
      { job: "trial", tick: "2026-12-25T12:30:00.000Z", local: "2026-12-25 12:30 UTC", maxRuns: 2 },
      expect.objectContaining({ excluded: "after end 2026-12-26T00:00:00Z", excludedUntil: null }),
    ]);
  });

  test("shows when a tick with a jitter is launched", async ({ json, next }) => {
    const ticks = await json("import", "--from", "2026-01-01", "--count", "4");
    for (const { tick, launchAt } of ticks) {
      const lateMs = Date.parse(String(launchAt)) - Date.parse(String(tick));
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(600_000);
    }
    const { stdout } = await next("import", "--from", "2026-01-01", "--count", "1");
    expect(stdout).toMatch(/LAUNCH \(UTC\)/);
    expect(stdout).toContain(String(ticks[0]?.["launchAt"]));
  });

  test("notes that a job ends by itself", async ({ next }) => {
    const { stdout } = await next("trial", "--from", "2026-12-25");
    expect(stdout).toMatch(/^trial: over after 2 launched ticks in all \(maxRuns\)$/m);
  });

  test("--until gives all ticks up to then, and names those that come together", async ({ json, next }) => {
    const ticks = await json("--from", "2026-12-26T00:00:00Z", "--until", "2026-12-26T01:00:00Z");
    expect(ticks.filter(({ job }) => job !== "busy")).toEqual([
      expect.objectContaining({ job: "report", tick: "2026-12-26T01:00:00.000Z", together: ["import"] }),
      expect.objectContaining({ job: "import", tick: "2026-12-26T01:00:00.000Z", together: ["report"] }),
    ]);
    expect(ticks.filter(({ job }) => job === "busy")).toHaveLength(30);
    const { stdout } = await next("--from", "2026-12-26T00:59:00Z", "--until", "2026-12-26T01:00:00Z");
    expect(stdout).toMatch(/^report .* together with: import$/m);
  });

  test("--until and --count: whichever comes first", async ({ json, next }) => {
    const range = ["import", "--from", "2026-01-01", "--until", "2026-01-03"];
    expect(await json(...range, "--count", "3")).toHaveLength(3);
    expect(await json(...range, "--count", "50")).toHaveLength(4);
    const { stdout } = await next("--help");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("with --count, whichever comes first");
  });

  test("--until stops at 1000 ticks of a job and says what shows more", async ({ next }) => {
    const args = ["busy", "--from", "2026-01-01", "--until", "2026-02-01"];
    const { code, stdout, stderr } = await next(...args, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1_000);
    expect(stderr).toBe("busy has more than 1000 ticks until 2026-02-01: --count shows more of them\n");
    const table = await next(...args, "--count", "1000");
    expect(table.stderr).toBe("busy: only the first 100 stretches of excluded ticks are shown\n");
  });

  test.for([
    {
      given: "a range in the wrong order",
      args: ["--from", "2026-02-01", "--until", "2026-01-01"],
      says: /^--until 2026-01-01 is before --from 2026-02-01T00:00:00\.000Z: expected a later instant\n$/,
    },
    {
      given: "an end in the past",
      args: ["--until", "2020-01-01"],
      says: /^--until 2020-01-01 is before --from /,
    },
    {
      given: "a day that does not exist",
      args: ["--until", "2026-02-30"],
      says: /^--until 2026-02-30: expected an instant.*\n$/,
    },
  ])("ends with 2 for $given", async ({ args, says }, { next }) => {
    const { code, stdout, stderr } = await next(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
  });
});
