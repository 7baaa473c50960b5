import { expect, it } from "vitest";
import { hashZones, zoneDataOf } from "../../../src/config/zone-data.ts";
import { loadValid } from "../../support/config.ts";

const NOW = Date.parse("2026-11-28T00:00:00Z");

const JOBS = `
jobs:
  berlin: { cron: "0 9 * * *", timezone: Europe/Berlin, command: ["true"] }
  again: { cron: "0 8 * * *", timezone: Europe/Berlin, command: ["true"] }
  excepted: { every: 1h, timezone: America/Vancouver, except: "2026-12-24", command: ["true"] }
  every: { every: 1h, timezone: Asia/Tokyo, command: ["true"] }
`;

it("covers the zones whose clock is asked, this year and the next", async () => {
  const { jobs } = await loadValid({ "jobs.yaml": JOBS });
  const data = zoneDataOf(jobs, NOW);
  expect(data.tz).toBe(process.versions["tz"]);
  expect(Object.keys(data.zones)).toEqual([
    ...["America/Vancouver 2026", "America/Vancouver 2027", "Europe/Berlin 2026", "Europe/Berlin 2027"],
  ]);
});

it("is equal for zones that do the same, and another for other clock changes", async () => {
  const hashOf = async (zone: string, nowMs = NOW) => {
    const text = `jobs: { a: { cron: "0 9 * * *", timezone: ${zone}, command: ["true"] } }`;
    const { jobs } = await loadValid({ "jobs.yaml": text });
    return Object.values(zoneDataOf(jobs, nowMs).zones);
  };
  expect(await hashOf("Europe/Paris")).toEqual(await hashOf("Europe/Berlin"));
  expect(await hashOf("Europe/London")).not.toEqual(await hashOf("Europe/Berlin"));
  expect((await hashOf("Europe/Berlin", Date.parse("2027-06-01T00:00:00Z")))[0]).toBe(
    (await hashOf("Europe/Berlin"))[1],
  );
  expect(hashZones({ tz: "", zones: { b: "2", a: "1" } })).toBe(
    hashZones({ tz: "x", zones: { a: "1", b: "2" } }),
  );
});
