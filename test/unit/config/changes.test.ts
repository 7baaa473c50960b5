import { describe, expect, it } from "vitest";
import {
  jobChanges,
  rejectionReasons,
  settingsThatNeedRestart,
  withFixedSettings,
} from "../../../src/config/changes.ts";
import type { Config } from "../../../src/config/config.ts";
import { loadValid, ONE_JOB } from "../../support/config.ts";

function configOf(settings = "", jobs = ONE_JOB): Promise<Config> {
  return loadValid({ "jobs.yaml": jobs, "bellwether.yaml": `generation: 5\n${settings}` });
}

const TWO_JOBS = `${ONE_JOB}  more:\n    every: 1s\n    handler: y\n`;
const NO_JOBS = "allowEmpty: true\njobs: {}\n";

describe("a setting that is changed", () => {
  it.each([
    { setting: "namespace: other", needs: ["namespace"] },
    { setting: "redis: { url: redis://127.0.0.1:7000 }", needs: ["redis"] },
    { setting: "election: { leaseTtl: 3s }", needs: ["election"] },
    { setting: "election: { store: etcd, etcd: { hosts: [http://127.0.0.1:2379] } }", needs: ["election"] },
    { setting: "http: false", needs: ["http"] },
    { setting: "admin: { port: 9999 }", needs: ["admin"] },
    { setting: "namespace: other\nhttp: false", needs: ["namespace", "http"] },
    { setting: "log: { level: debug }", needs: [] },
    { setting: "queues: { default: { concurrency: 3 } }", needs: [] },
    { setting: "shutdownTimeout: 1s", needs: [] },
    { setting: "", needs: [] },
  ])("$setting: what waits for a restart is $needs, and stays as it was", async ({ setting, needs }) => {
    const [running, changed] = [await configOf(), await configOf(setting, TWO_JOBS)];
    expect(settingsThatNeedRestart(running, changed)).toEqual(needs);
    const taken = withFixedSettings(running, changed);
    expect(settingsThatNeedRestart(running, taken)).toEqual([]);
    const { namespace, redis, election, http, admin } = running;
    expect(taken).toEqual({ ...changed, namespace, redis, election, http, admin });
    expect(taken.jobs).toHaveLength(2);
  });
});

describe("a valid configuration", () => {
  it.each([
    { change: "that is the same", settings: "", jobs: ONE_JOB, says: [] },
    { change: "with other jobs", settings: "", jobs: TWO_JOBS, says: [] },
    { change: "of a later generation", settings: "6", jobs: ONE_JOB, says: [] },
    {
      change: "of an older generation",
      settings: "4",
      jobs: ONE_JOB,
      says: [/generation 4 is older than 5/],
    },
    { change: "without jobs", settings: "", jobs: NO_JOBS, says: [/no jobs left, and 1 are running/] },
    {
      change: "without jobs, of an older generation",
      settings: "0",
      jobs: NO_JOBS,
      says: [/no jobs left/, /generation 0/],
    },
  ])("$change meets so many objections: $says", async ({ settings, jobs, says }) => {
    const running = await configOf();
    const changed = await loadValid({
      "jobs.yaml": jobs,
      "bellwether.yaml": `generation: ${settings || 5}\n`,
    });
    expect(rejectionReasons(running, changed)).toEqual(says.map(text => expect.stringMatching(text)));
  });

  it("may be without jobs where there were none", async () => {
    const empty = await configOf("", NO_JOBS);
    expect(rejectionReasons(empty, empty)).toEqual([]);
    expect(rejectionReasons(empty, await configOf())).toEqual([]);
  });
});

describe("the jobs that a change touches", () => {
  const jobs = (...lines: readonly string[]) => `jobs:\n${lines.map(line => `  ${line}\n`).join("")}`;

  it("are named by kind, whatever of their definition has changed", async () => {
    const calendar = (day: string) => `calendars: { closed: [${day}] }\n`;
    const running = await configOf(
      "",
      calendar("2026-12-24") +
        jobs(
          "same: { every: 1m, handler: x, data: { a: 1, b: 2 } }",
          "gone: { every: 1m, handler: x }",
          "schedule: { every: 1m, handler: x }",
          "data: { every: 1m, handler: x, data: { a: 1 } }",
          'closed: { cron: "0 0 * * *", handler: x, except: "calendar:closed" }',
        ),
    );
    const changed = await configOf(
      "",
      calendar("2026-12-25") +
        jobs(
          'closed: { cron: "0 0 * * *", handler: x, except: "calendar:closed" }',
          "new: { every: 1m, handler: x }",
          "data: { every: 1m, handler: x, data: { a: 2 } }",
          "schedule: { every: 2m, handler: x }",
          "same: { handler: x, every: 60s, data: { b: 2, a: 1 } }",
        ),
    );
    expect(await jobChanges(running, changed)).toEqual({
      added: ["new"],
      removed: ["gone"],
      changed: ["closed", "data", "schedule"],
    });
    expect(await jobChanges(running, running)).toEqual({});
    expect(await jobChanges(running, await configOf("log: { level: debug }", ONE_JOB))).toMatchObject({
      added: ["tick"],
    });
  });

  it("are named up to a limit, and the others counted", async () => {
    const many = (prefix: string, count: number) =>
      jobs(...Array.from({ length: count }, (_, i) => `${prefix}-${i}: { every: 1m, handler: x }`));
    const found = await jobChanges(
      await configOf("", many("old", 25)),
      await configOf("", many("new", 1_500)),
    );
    expect(found.added).toEqual(Array.from({ length: 20 }, (_, i) => `new-${i}`));
    expect(found.removed).toHaveLength(20);
    expect(found).toMatchObject({ unnamed: 5 + 1_480 });
    expect(found.changed).toBeUndefined();
  });
});
