// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what some tests are about
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { BellwetherOptions } from "../../../src/bellwether-options.ts";
import { formatIssue, loadConfig } from "../../../src/config/load.ts";
import { keysAt } from "../../../src/config/schemas/json-schema.ts";
import { readCodeJobs } from "../../../src/handlers/code-jobs.ts";
import { defineJob, type JobInCode, type JobWithoutFunction } from "../../../src/handlers/define-job.ts";

const run = () => undefined;
const BEAT = { every: "5s", run };

async function load(config: unknown, jobs: unknown = { beat: BEAT }, env = {}) {
  const codeJobs = readCodeJobs("new Bellwether({ jobs })", jobs);
  const place = "new Bellwether({ config })";
  const result = await loadConfig({ configDir: "/", config: { place, value: config }, codeJobs, env });
  return { result, lines: result.ok ? [] : result.issues.map(formatIssue), functions: codeJobs.functions };
}

async function valid(...args: Parameters<typeof load>) {
  const { result, lines } = await load(...args);
  if (!result.ok) throw new Error(lines.join("\n"));
  return result.config;
}

describe("a configuration in code", () => {
  test("has the keys of both files, and the same defaults", async () => {
    const config = await valid(
      {
        namespace: "shop",
        queues: { mail: { concurrency: 3 } },
        defaults: { queue: "mail" },
        calendars: { closed: ["2026-12-25"] },
        jobs: { backup: { cron: "0 2 * * *", command: ["true"], except: ["calendar:closed"] } },
      },
      {
        beat: { ...BEAT, queue: "mail", data: { at: new Date("2026-01-01T00:00:00Z") }, timezone: undefined },
      },
      { REDIS_URL: "redis://cache:6379" },
    );
    expect(config).toMatchObject({
      namespace: "shop",
      redis: { url: "redis://cache:6379" },
      http: { port: 8080 },
    });
    expect(config.jobs.map(({ name, queue, data }) => [name, queue, data])).toEqual([
      ["backup", "mail", {}],
      ["beat", "mail", { at: "2026-01-01T00:00:00.000Z" }],
    ]);
    expect(["backup", "beat", "other"].map(job => config.jobPlaces.of(job))).toEqual([
      "new Bellwether({ config })",
      "new Bellwether({ jobs })",
      null,
    ]);
  });

  test("may have the handlers of a file, or none for a queue of another program, without a cast", async () => {
    interface Report {
      readonly format: string;
    }
    const jobs: NonNullable<BellwetherOptions["jobs"]> = {
      backup: { every: "1h", command: ["true"] },
      copy: defineJob({ every: "1h", command: { argv: ["cp", "a", "b"], env: { LANG: "C" } } }),
      call: { every: "1h", http: { url: "https://example.com", method: "GET" } },
      file: { every: "1h", handler: "reports/nightly" },
      mail: { every: "1h", queue: "emails", data: { to: "a@example.com" } },
      report: defineJob({ every: "1h", run: (data: Report) => data.format.length }),
    };
    const queues = { default: {}, emails: { prefix: "bull", consume: false } };
    const { lines } = await load({ queues }, jobs);
    expect(lines).toEqual([]);
  });

  test("is taken as it is: references are read in files only", async () => {
    const config = await valid(
      {},
      { beat: { ...BEAT, data: { text: "${HOME} $${x} costs $5" } } },
      { HOME: "/root" },
    );
    expect(config.jobs[0]?.data).toEqual({ text: "${HOME} $${x} costs $5" });
  });

  test("has a hash without the functions, and with all else of the jobs", async () => {
    const [one, other, changed] = await Promise.all([
      valid({}, { beat: { ...BEAT, run: () => 1, schema: z.object({}) } }),
      valid({}, { beat: { ...BEAT, run: () => 2 } }),
      valid({}, { beat: { ...BEAT, every: "6s" } }),
    ]);
    expect(one.hash).toBe(other.hash);
    expect(changed.hash).not.toBe(one.hash);
  });

  const nested = (levels: number): object => (levels === 0 ? {} : { in: nested(levels - 1) });
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  test.each([
    [
      "a value that a schema refuses",
      { beat: { ...BEAT, every: 5 } },
      "jobs.beat.every: found `5` (a number), expected a duration",
    ],
    [
      "a name that is not allowed",
      { "a b": BEAT },
      "jobs.a b: found `a b`, expected a job name of letters, digits, _ . and -",
    ],
    [
      "an unknown key",
      { beat: { ...BEAT, timezne: "UTC" } },
      "jobs.beat.timezne: unknown key (did you mean timezone?)",
    ],
    [
      "no handler",
      { beat: { every: "5s" } },
      "jobs.beat: has no handler, expected exactly one of handler, command, http and run",
    ],
    [
      "two handlers",
      { beat: { ...BEAT, handler: "x" } },
      "jobs.beat: found handler and run, expected exactly one of handler, command, http and run",
    ],
    [
      "a run that is no function",
      { beat: { every: "5s", run: "beat" } },
      "jobs.beat.run: expected a function",
    ],
    [
      "a schema that is none",
      { beat: { ...BEAT, schema: {} } },
      "jobs.beat.schema: expected a schema of a library that follows Standard Schema",
    ],
    [
      "a schema without a function",
      { beat: { every: "5s", command: ["true"], schema: z.object({}) } },
      "jobs.beat.schema: belongs to a function: expected also run",
    ],
    [
      "a function in the data",
      { beat: { ...BEAT, data: { call: run } } },
      "jobs.beat.data.call: found a function, expected a value that JSON can hold",
    ],
    [
      "an instance in the data",
      { beat: { ...BEAT, data: { map: new Map() } } },
      "jobs.beat.data.map: found an instance of a class, expected a value that JSON can hold",
    ],
    [
      "data that contains itself",
      { beat: { ...BEAT, data: circular } },
      "jobs.beat.data.self: it contains itself, or is nested too deeply",
    ],
    [
      "a number that JSON cannot keep exact",
      { beat: { ...BEAT, data: { id: 2 ** 60 } } },
      "jobs.beat.data.id: `1152921504606847000` is too large to stay exact as a number",
    ],
    [
      "a key that would reach into prototypes",
      { beat: { ...BEAT, data: JSON.parse('{"__proto__":1}') } },
      "jobs.beat.data.__proto__: is not allowed as a key",
    ],
    [
      "data that is nested too deeply",
      { beat: { ...BEAT, data: nested(120) } },
      "it is nested too deeply: expected at most 100 levels",
    ],
    ["jobs that are a list", [], "jobs: found an empty list, expected a mapping of job names"],
    [
      "a job that is a function",
      { beat: run },
      "jobs.beat: found a function, expected a value that JSON can hold",
    ],
  ])("tells in one line of %s", async (_name, jobs, mistake) => {
    const { lines } = await load({}, jobs);
    expect(lines).toEqual([expect.stringContaining(`new Bellwether({ jobs }) ${mistake}`)]);
  });

  test.each([
    ["a misspelled setting", { namespce: "a" }, "namespce: unknown key (did you mean namespace?)"],
    [
      "a setting that a schema refuses",
      { http: { port: -1 } },
      "http.port: found `-1` (a number), expected a whole number",
    ],
    [
      "a job of both",
      { jobs: { beat: { every: "5s", command: ["true"] } } },
      "the job is defined already at new Bellwether({ config })",
    ],
    [
      "a function, which belongs to the other option",
      { jobs: { b: { every: "5s", run } } },
      "jobs.b.run: found a function",
    ],
  ])("tells in one line of %s in config", async (_name, config, mistake) => {
    const { lines } = await load(config);
    expect(lines).toEqual([expect.stringContaining(mistake)]);
  });

  test("needs a job", async () => {
    expect((await load({}, {})).lines).toEqual([
      "new Bellwether({ config }) jobs: there are no jobs, expected at least one (or allowEmpty: true)",
    ]);
  });
});

test("a job in a file cannot have a function", async () => {
  expect(keysAt("jobs", ["jobs", "beat"])).not.toContain("run");
});

test("the types of jobs in code have a key for each of a job in a file", () => {
  type Keys = Exclude<keyof JobInCode | keyof JobWithoutFunction, "run" | "schema">;
  const keys: Readonly<Record<Keys, true>> = {
    ...{ cron: true, every: true, at: true, timezone: true, start: true, end: true, except: true, dst: true },
    ...{ jitter: true, maxRuns: true, catchUp: true, catchUpWindow: true, catchUpLimit: true, overlap: true },
    ...{ queue: true, retry: true, timeout: true, data: true, priority: true, lifo: true, retention: true },
    ...{ handler: true, command: true, http: true },
  };
  expect(Object.keys(keys).sort()).toEqual(keysAt("jobs", ["jobs", "beat"]).sort());
});
