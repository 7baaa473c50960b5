import { describe, expect } from "vitest";
import { bellwether } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";

const FILES = {
  "config/jobs.yaml": [
    "calendars:",
    "  closed: [2026-12-25]",
    "jobs:",
    "  report:",
    '    cron: ["30 2 * * 1-5", "H 12 L * *"]',
    "    timezone: Europe/Berlin",
    "    handler: reports/nightly",
    "    except: [calendar:closed, 2026-12-24, '* * * 8 *']",
    "    start: 2026-01-01T00:00:00Z",
    "    jitter: 10m",
    "    maxRuns: 5",
    "    catchUp: all",
    "    overlap: queue",
    "    retry: { attempts: 3, delay: 10s }",
    "    timeout: 15m",
    "  beat: { every: 90s, handler: beat }",
  ].join("\n"),
};

const test = base.extend("explain", ({ makeProject }) => async (...args: string[]) => {
  const project = await makeProject(FILES);
  return await bellwether(["explain", ...args], { cwd: project.dir });
});

describe.concurrent("explain", () => {
  test("says the schedule and the policies in sentences, and shows the next ticks", async ({ explain }) => {
    const { code, stdout, stderr } = await explain("report");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const sentences = [
      "report runs reports/nightly in the queue default.",
      "At 02:30, Monday through Friday (30 2 * * 1-5).",
      "On the clock of Europe/Berlin.",
      "Not before 2026-01-01 01:00 CET (start).",
      "Not during the events of the calendar closed (except).",
      "Not on 2026-12-24 (except).",
      "Not: Every minute, only in August (except * * * 8 *).",
      "After 5 launched ticks the job is over (maxRuns).",
      "are all launched late if they are not older than 1h, the newest 100 of them (catchUp: all).",
      "waits for it; of several that wait only the newest stays (overlap: queue).",
      "A run that fails is tried again up to 2 times, after 10s, twice as long each time (retry).",
      "A run may take 15m: then its signal aborts (timeout).",
    ];
    for (const sentence of sentences) expect(stdout).toContain(sentence);
    expect(stdout).toMatch(
      /And at 12:\d\d, on the last day of the month \(H 12 L \* \*, which for this name is \d+ 12 L \* \*\)\./,
    );
    expect(stdout).toMatch(/On \d{4}-03-\d\d at 02:00 the clocks go forward by 1h to 03:00\./);
    expect(stdout).toMatch(/On \d{4}-10-\d\d at 03:00 the clocks go back by 1h to 02:00\./);
    expect(stdout.split("\nNext\n")[1]).toMatch(/JOB +TICK \(UTC\) +LOCAL/);
  });

  test("says of an interval that clocks do not matter", async ({ explain }) => {
    const { stdout } = await explain("beat");
    expect(stdout).toContain("Every 1m30s, counted from 1970-01-01T00:00:00Z: no clock on a wall is asked.");
    expect(stdout).toContain("They do not matter to this job.");
  });

  test("--json has the same sentences and three ticks", async ({ explain }) => {
    const { stdout } = await explain("report", "--json");
    const explained = JSON.parse(stdout);
    expect(explained).toMatchObject({
      job: "report",
      timezone: "Europe/Berlin",
      schedule: "30 2 * * 1-5, H 12 L * *",
      when: expect.arrayContaining(["Not on 2026-12-24 (except)."]),
      failures: expect.arrayContaining([expect.any(String)]),
      clockChanges: expect.arrayContaining([
        expect.objectContaining({ shiftMs: -3_600_000, effect: expect.any(String) }),
      ]),
    });
    expect(explained.next).toHaveLength(3);
    expect(explained.next[0]).toEqual({
      job: "report",
      tick: expect.stringMatching(/Z$/),
      local: expect.stringMatching(/ CES?T$/),
      launchAt: expect.stringMatching(/Z$/),
      maxRuns: 5,
    });
  });

  test("names the nearest job for an unknown one, and is in the help", async ({ explain }) => {
    const { code, stdout, stderr } = await explain("reprot");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe("no job is named reprot (did you mean report?)\n");
    expect((await bellwether(["--help"])).stdout).toMatch(/^ {2}explain .+/m);
  });
});
