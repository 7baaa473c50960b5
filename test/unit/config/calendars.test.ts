// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what the tests are about
import path from "node:path";
import { describe, expect } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { type ConfigFiles, test as it, load, loadValid, ONE_JOB } from "../../support/config.ts";
import { calendar } from "../../support/ics.ts";

const CHRISTMAS = calendar("DTSTART;VALUE=DATE:20251225|RRULE:FREQ=YEARLY|SUMMARY:Christmas Day");
const EVE = Date.parse("2026-12-24T12:00:00Z");

/** A nightly job that excepts something, behind a section of calendars. */
function jobsFile(calendars: string, except = "calendar:off"): string {
  return `calendars: { ${calendars} }\njobs:\n  a: { cron: "0 2 * * *", handler: x, except: ${except} }\n`;
}

describe("a calendar", () => {
  const rows: [name: string, files: ConfigFiles][] = [
    ["of dates", { "jobs.yaml": jobsFile("off: [2026-12-25]") }],
    ["in a file", { "jobs.yaml": jobsFile("off: { file: off.ics }"), "off.ics": CHRISTMAS }],
    [
      "in a folder",
      { "jobs.yaml": jobsFile("off: { file: ./ics/de off.ics }"), "ics/de off.ics": CHRISTMAS },
    ],
    [
      "beside others",
      { "jobs.yaml": jobsFile("off: [2026-12-25], on: [2026-12-26]", '["* * 24 12 *", calendar:off]') },
    ],
    ["written as YAML invites", { "jobs.yaml": jobsFile("off: [2026-12-25]", "[calendar: off]") }],
    [
      "of another jobs file",
      {
        "jobs/a.yaml": 'jobs:\n  a: { cron: "0 2 * * *", handler: x, except: calendar:off }\n',
        "jobs/b.yaml": "calendars: { off: [2026-12-25] }\n",
      },
    ],
  ];
  it.each(rows)("%s takes out its days", async (_name, files) => {
    const { jobs } = await loadValid(files);
    expect(jobs[0]?.schedule.next(EVE)?.at).toBe(Date.parse("2026-12-26T02:00:00Z"));
  });
});

describe("a calendar that cannot be used", () => {
  const DATES = "expected a list of dates, or { file: holidays.ics }";
  const FILE = "expected the path of an .ics file, below the config directory";
  const rows: [name: string, calendars: string, except: string, mistakes: string[], files?: ConfigFiles][] = [
    [
      "is an empty list",
      "of: []",
      "calendar:of",
      ["config/jobs.yaml:1:18 calendars.of: found an empty list, expected at least one date"],
    ],
    [
      "is named wrongly",
      "off: [2026-12-25]",
      "[2026-12-24, calendar:of]",
      ["config/jobs.yaml:3:60 jobs.a.except[1]: no calendar is called `of` (did you mean off?)"],
    ],
    [
      "is nowhere",
      "",
      "calendar:off",
      ["config/jobs.yaml:3:47 jobs.a.except: no calendar is called `off` (there are no calendars)"],
    ],
    [
      "is a word",
      "off: xmas",
      "calendar:off",
      [`config/jobs.yaml:1:19 calendars.off: found \`xmas\`, ${DATES}`],
    ],
    [
      "has days that are none",
      "off: [2026-02-30, xmas, 25]",
      "calendar:off",
      [20, 32, 38].map(
        (column, i) =>
          `config/jobs.yaml:1:${column} calendars.off[${i}]: found ${["`2026-02-30`", "`xmas`", "`25` (a number)"][i]}, expected a date like "2026-12-24"`,
      ),
    ],
    [
      "leads out of the directory",
      "off: { file: ../off.ics }",
      "calendar:off",
      [`config/jobs.yaml:1:27 calendars.off.file: found \`../off.ics\`, ${FILE}`],
    ],
    [
      "leads out in the middle",
      "off: { file: a/../../off.ics }",
      "calendar:off",
      [`config/jobs.yaml:1:27 calendars.off.file: found \`a/../../off.ics\`, ${FILE}`],
    ],
    [
      "has an absolute path",
      "off: { file: /etc/passwd }",
      "calendar:off",
      [`config/jobs.yaml:1:27 calendars.off.file: found \`/etc/passwd\`, ${FILE}`],
    ],
    [
      "is missing",
      "off: { file: off.ics }",
      "calendar:off",
      ["config/jobs.yaml:1:27 calendars.off.file: config/off.ics: there is no such file"],
    ],
    [
      "is a directory",
      "off: { file: off.ics }",
      "calendar:off",
      ["config/jobs.yaml:1:27 calendars.off.file: config/off.ics: found a directory, expected a file"],
      { "off.ics/x": "" },
    ],
    [
      "is empty",
      "off: { file: off.ics }",
      "calendar:off",
      ["config/jobs.yaml:1:27 calendars.off.file: config/off.ics: the file is empty"],
      { "off.ics": "" },
    ],
    [
      "is no text",
      "off: { file: off.ics }",
      "calendar:off",
      [
        "config/jobs.yaml:1:27 calendars.off.file: config/off.ics: it is not iCalendar: there is no BEGIN:VCALENDAR",
      ],
      { "off.ics": Uint8Array.of(255, 255, 0) },
    ],
    [
      "has no events",
      "off: { file: off.ics }",
      "calendar:off",
      ["config/jobs.yaml:1:27 calendars.off.file: config/off.ics: there is no event in it"],
      { "off.ics": calendar() },
    ],
    [
      "is huge",
      "off: { file: off.ics }",
      "calendar:off",
      [
        "config/jobs.yaml:1:27 calendars.off.file: config/off.ics: the file has 3000000 bytes: expected at most 1048576",
      ],
      { "off.ics": "x".repeat(3_000_000) },
    ],
  ];
  it.each(rows)("%s", async (_name, calendars, except, mistakes, files = {}) => {
    expect((await load({ "jobs.yaml": jobsFile(calendars, except), ...files })).lines).toEqual(mistakes);
  });

  it("is defined in two files", async () => {
    const { lines } = await load({
      "jobs/a.yaml": jobsFile("off: [2026-12-25]"),
      "jobs/b.yaml": "calendars: { off: [2026-12-26] }\n",
    });
    expect(lines).toEqual([
      "config/jobs/b.yaml:1:14 calendars.off: is defined already at config/jobs/a.yaml:1:14",
    ]);
  });

  it("does not show a path that the environment gives", async () => {
    const { lines } = await load(
      { "jobs.yaml": jobsFile('off: { file: "${SECRET}" }') },
      { SECRET: "hunter2.ics" },
    );
    expect(lines).toEqual(["config/jobs.yaml:1:27 calendars.off.file: the file: there is no such file"]);
  });
});

describe("the hash of a configuration with a calendar", () => {
  const hashOf = async (ics: string) => {
    const { hash, jobs } = await loadValid({
      "jobs.yaml": jobsFile("off: { file: off.ics }"),
      "off.ics": ics,
    });
    return [hash, jobs[0]?.schedule.fingerprint];
  };

  it("follows the days in the file, not their names", async () => {
    const [hash, fingerprint] = await hashOf(CHRISTMAS);
    expect(await hashOf(CHRISTMAS.replace("Christmas Day", "Weihnachten"))).toEqual([hash, fingerprint]);
    const [otherHash, otherFingerprint] = await hashOf(CHRISTMAS.replace("20251225", "20251226"));
    expect(otherHash).not.toBe(hash);
    expect(otherFingerprint).not.toBe(fingerprint);
  });
});

describe("the files of a configuration", () => {
  it("are all that it was read from, the missing calendar as well", async ({ writeConfig }) => {
    const configDir = await writeConfig({
      "bellwether.yaml": "{}",
      "jobs/a.yaml": `calendars: { x: { file: x.ics }, y: { file: y.ics }, z: { file: x.ics } }\n${ONE_JOB}`,
      "x.ics": CHRISTMAS,
    });
    const { ok, files } = await loadConfig({ configDir, env: {} });
    expect(ok).toBe(false);
    expect(files.map(file => path.relative(configDir, file))).toEqual([
      "bellwether.yaml",
      "jobs/a.yaml",
      "x.ics",
      "y.ics",
    ]);
  });
});
