import cldr from "cldr-core/supplemental/windowsZones.json" with { type: "json" };
import { describe, expect, vi } from "vitest";
import { zoneOfWindows } from "../../../src/schedule/windows-zones.ts";
import { checkTimezone, zoneOf } from "../../../src/schedule/zone.ts";
import { test } from "../../support/folders.ts";
import { iso } from "./setup.ts";

const HOUR = 3_600_000;

describe("checkTimezone", () => {
  test.each([
    ...[
      "UTC",
      "Europe/Berlin",
      "europe/berlin",
      "Asia/Calcutta",
      "Etc/GMT+5",
      "GMT0",
      "CET",
      "EST5EDT",
      "GB",
    ],
    ...["W-SU", "nz-chat", "America/Argentina/ComodRivadavia", "America/Port-au-Prince", "Etc/Zulu"],
  ])("accepts %s", name => {
    expect(checkTimezone(name)).toBeNull();
  });

  test("accepts every zone that Intl lists", () => {
    const refused = Intl.supportedValuesOf("timeZone").filter(name => checkTimezone(name) !== null);
    expect(refused).toEqual([]);
  });

  // Intl takes them all.
  test.each([
    ["BST", "Europe/London"],
    ["bst", "Europe/London"],
    ["IST", "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"],
    ["CST", "America/Chicago or Asia/Shanghai"],
    ["PST", "America/Los_Angeles"],
    ["AET", "Australia/Sydney"],
    ["SystemV/PST8PDT", null],
    ["US/Pacific-New", "America/Los_Angeles"],
    ["Canada/East-Saskatchewan", "America/Regina"],
    ["VST", "Asia/Ho_Chi_Minh"],
    ["NET", "Asia/Yerevan"],
    ["IET", "America/Indiana/Indianapolis"],
    ["AGT", "America/Argentina/Buenos_Aires"],
    ["+05:30", null],
    ["+02:00", "Etc/GMT-2 (its sign is reversed), or the zone of a place"],
  ])("refuses %s, which is no name of the IANA database", (name, hint) => {
    const problem = checkTimezone(name) ?? "accepted";
    expect(problem).toContain(`"${name}" is not a time zone: expected an IANA name`);
    if (hint !== null) expect(/did you mean (.*)\?/.exec(problem)?.[1]).toBe(hint);
  });

  const rows: [name: string, hint: string | null][] = [
    ["Europe/Berln", "Europe/Berlin"],
    ["Berlin", "Europe/Berlin"],
    ["america/newyork", "America/New_York"],
    ["UTC+1", "Etc/GMT-1 (its sign is reversed), or the zone of a place"],
    ["CEST", "Europe/Berlin"],
    ["W. Europe Standard Time", "Europe/Berlin"],
    ["UCT+1", null],
    ["Z", "UTC"],
    ["Local", null],
    ["", null],
  ];
  test.each(rows)("refuses %j and hints at %s", (name, hint) => {
    const problem = checkTimezone(name);
    expect(problem).toContain(`"${name}" is not a time zone: expected an IANA name`);
    expect(/did you mean (.*)\?/.exec(problem ?? "")?.[1] ?? null).toBe(hint);
  });

  test("looks for names that are near once, however many jobs have the wrong one", ({ onTestFinished }) => {
    const listed = vi.spyOn(Intl, "supportedValuesOf");
    onTestFinished(() => listed.mockRestore());
    const told = Array.from({ length: 1_000 }, () => checkTimezone("Europe/Berlim"));
    expect(new Set(told).size).toBe(1);
    expect(listed).toHaveBeenCalledTimes(1);
  });

  test("says little about a name of a megabyte, and compares it with nothing", () => {
    const problem = checkTimezone("Berlin".repeat(200_000));
    expect(problem).toMatch(/^"(Berlin){10}…" is not a time zone: expected an IANA name such as [^;]+$/);
  });
});

describe("segmentAt", () => {
  const zone = zoneOf("Europe/Berlin");

  test("ends and begins at the transitions", () => {
    const summer = zone?.segmentAt(Date.parse("2026-06-01T00:00Z"));
    expect([iso(summer?.start ?? 0), iso(summer?.end ?? 0)]).toEqual([
      "2026-03-29T01:00Z",
      "2026-10-25T01:00Z",
    ]);
    expect(summer).toMatchObject({ previousOffset: HOUR, offset: 2 * HOUR, nextOffset: HOUR });
  });

  test("holds its start and not its end", () => {
    const change = Date.parse("2026-03-29T01:00Z");
    expect(zone?.offsetAt(change - 1)).toBe(HOUR);
    expect(zone?.offsetAt(change)).toBe(2 * HOUR);
  });

  test("has the same offset on both sides of an end that is no transition", () => {
    const segment = zoneOf("Asia/Kolkata")?.segmentAt(Date.parse("2026-06-01T00:00Z"));
    expect(segment).toMatchObject({ previousOffset: 5.5 * HOUR, offset: 5.5 * HOUR, nextOffset: 5.5 * HOUR });
  });

  test("agrees with Intl in every week of 60 years, asked in any order", () => {
    for (const name of ["America/New_York", "Africa/Casablanca", "Asia/Gaza"]) {
      const format = new Intl.DateTimeFormat("sv-SE", {
        timeZone: name,
        dateStyle: "short",
        timeStyle: "medium",
      });
      for (let week = 0; week < 52 * 60; week++) {
        const at = ((week * 1_009) % (52 * 60)) * 7 * 24 * HOUR + 12 * HOUR;
        expect(zoneOf(name)?.offsetAt(at)).toBe(Date.parse(`${format.format(at).replace(" ", "T")}Z`) - at);
      }
    }
  });
});

describe("instantOf", () => {
  test.each([
    ["Europe/Berlin", "2026-06-01T12:00Z", "2026-06-01T10:00Z"],
    ["Europe/Berlin", "2026-03-29T01:59Z", "2026-03-29T00:59Z"],
    ["Europe/Berlin", "2026-03-29T02:30Z", "2026-03-29T01:30Z"],
    ["Europe/Berlin", "2026-03-29T03:00Z", "2026-03-29T01:00Z"],
    ["Europe/Berlin", "2026-10-25T02:30Z", "2026-10-25T00:30Z"],
    ["Europe/Berlin", "2026-10-25T03:00Z", "2026-10-25T02:00Z"],
    ["America/New_York", "2026-11-01T01:30Z", "2026-11-01T05:30Z"],
    ["Asia/Kathmandu", "2026-01-01T00:00Z", "2025-12-31T18:15Z"],
  ])("in %s, %s on the clock is %s", (name, wall, instant) => {
    expect(zoneOf(name)?.instantOf(Date.parse(wall))).toBe(Date.parse(instant));
  });
});

describe("the zones of Windows", () => {
  const rows = cldr.supplemental.windowsZones.mapTimezones.map(({ mapZone }) => mapZone);

  test("are all zones that Intl knows", () => {
    const names = [...new Set(rows.map(row => row._other))];
    const unknown = names.filter(name => checkTimezone(zoneOfWindows(name) ?? "none") !== null);
    expect(unknown).toEqual([]);
    expect(names.length).toBeGreaterThan(130);
  });

  test.each([
    ["W. Europe Standard Time", "Europe/Berlin"],
    ["Pacific Standard Time", "America/Los_Angeles"],
    ["UTC-11", "Etc/GMT+11"],
    ["w. europe daylight time", "Europe/Berlin"],
    // Almaty has left it, and Chihuahua the next one: packages with older data name them.
    ["Central Asia Standard Time", "Asia/Bishkek"],
    ["Mountain Standard Time (Mexico)", "America/Mazatlan"],
    ["Standard Time", null],
    ["constructor", null],
  ])("have their place for the whole world: %s", (name, expected) => {
    expect(zoneOfWindows(name)).toBe(expected);
  });
});
