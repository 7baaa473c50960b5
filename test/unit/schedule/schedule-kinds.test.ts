import { expect, it, vi } from "vitest";
import { describeSchedule } from "../../../src/cli/explain/describe-policy.ts";
import { hashZones, zoneDataOf } from "../../../src/config/zone-data.ts";
import { restoreDefinitions, storedDefinitionOf } from "../../../src/launch/definition.ts";
import { redisKeys } from "../../../src/redis/keys.ts";
import type { ScheduleKind } from "../../../src/schedule/schedule-kind.ts";
import { load, loadValid } from "../../support/config.ts";
import { iso, ticksAfter } from "./setup.ts";

/** The list with one more kind: what a new kind of schedule changes besides its own file. */
vi.mock("../../../src/schedule/schedule-kinds.ts", async importOriginal => {
  const { SCHEDULE_KINDS } = await importOriginal<{ SCHEDULE_KINDS: readonly ScheduleKind[] }>();
  const { yearlyKind } = await import("./yearly-kind.ts");
  return { SCHEDULE_KINDS: [...SCHEDULE_KINDS, yearlyKind] };
});

const jobs = (...lines: readonly string[]) => ({ "jobs.yaml": `jobs:\n  a: { ${lines.join(", ")} }\n` });

it("needs no more of a kind of schedule than its place in the list", async () => {
  const { jobs: loaded } = await loadValid(jobs("yearly: 2030", "handler: x"));
  const [job] = loaded;
  if (job === undefined) throw new Error("there is no job");
  expect(job).toMatchObject({ scheduleText: "yearly from 2030", spec: { fromYear: 2030 } });
  expect(ticksAfter(job.schedule, "2026-05-05T00:00Z", 2).map(tick => iso(tick.at))).toEqual([
    "2030-01-01T00:00Z",
    "2031-01-01T00:00Z",
  ]);
  expect(await describeSchedule(job)).toEqual(["At the beginning of each year from 2030 on."]);
  expect(hashZones(zoneDataOf(loaded, 0))).toBe(hashZones(zoneDataOf([], 0)));

  const { fingerprint, digest, legacy, json } = storedDefinitionOf(job);
  const line = [fingerprint, digest, legacy, 1, 0, json].join("|");
  const [restored] = await restoreDefinitions({} as never, redisKeys("a"), [{ job: "a", line }]);
  expect(restored?.spec).toEqual(job.spec);
  expect(restored?.schedule.fingerprint).toBe(job.schedule.fingerprint);
});

it.each([
  ["its own problems", ["yearly: 1969"], "config/jobs.yaml:2:16 jobs.a.yearly: 1969 is before 1970"],
  ["its schema", ["yearly: soon"], "config/jobs.yaml:2:16 jobs.a.yearly: found `soon`, expected a year"],
  ["that it is one of several", [], "has no schedule, expected exactly one of cron, every, at and yearly"],
  ["that it is the second", ["at: [2030-01-01T00:00:00Z]", "yearly: 2030"], "found at and yearly, expected"],
  ["keys that mean nothing to it", ["yearly: 2030", "dst: {}"], "dst: has no effect with yearly"],
])("reports %s like those of the others", async (_name, lines, mistake) => {
  const { lines: mistakes } = await load(jobs(...lines, "handler: x"));
  expect(mistakes).toEqual([expect.stringContaining(mistake)]);
});

it("gives its advice, and says that it asks no clock", async () => {
  const { result } = await load(jobs("yearly: 1970", "timezone: Europe/Berlin", "handler: x"));
  expect(result.ok && result.advice()).toEqual([
    expect.stringContaining("jobs.a.timezone: has no effect with yearly"),
    expect.stringContaining("jobs.a.yearly: that is long ago"),
  ]);
});
