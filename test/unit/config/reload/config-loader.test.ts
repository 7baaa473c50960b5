// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is read
import { readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { Aborted } from "../../../../src/clock/unless-aborted.ts";
import type { Config } from "../../../../src/config/config.ts";
import { hashJobs } from "../../../../src/config/hash.ts";
import { jobsByName } from "../../../../src/config/job-index.ts";
import { formatIssue, type LoadOptions, type LoadResult, loadConfig } from "../../../../src/config/load.ts";
import { ConfigLoader, type ConfigLoaderOptions } from "../../../../src/config/reload/config-loader.ts";
import { definitionMarksOf } from "../../../../src/launch/definition.ts";
import { textsOf } from "../../../fuzz/config.fuzz.ts";
import { type ConfigFiles, ONE_JOB, test } from "../../../support/config.ts";

const ROOT = path.resolve(import.meta.dirname, "../../../..");
const ENV = { TOKEN: "hunter2", ADMIN_TOKEN: "secret-token-of-operators" };

/** A folder that has been loaded once, and whose next loads are in a thread, whatever their size. */
const it = test.extend("setup", ({ writeConfig, makeFolder, defer }) => {
  return async (files: ConfigFiles = { "jobs.yaml": ONE_JOB }, options: ConfigLoaderOptions = {}) => {
    const configDir = await writeConfig(files);
    const loader = new ConfigLoader({ threadBytes: 0, ...options });
    defer(() => loader.stop());
    const load = (more: Partial<LoadOptions> = {}) => loader.load({ configDir, env: ENV, ...more });
    const change = async (changed: ConfigFiles) => {
      for (const name of Object.keys(files)) await rm(path.join(configDir, name));
      for (const [name, text] of Object.entries(changed)) await writeFile(path.join(configDir, name), text);
    };
    const here = (more: Partial<LoadOptions> = {}) => loadConfig({ configDir, env: ENV, ...more });
    return { loader, load, change, here, makeFolder, first: await load() };
  };
});

/** A program in place of the thread's. */
async function program(folder: string, code: string): Promise<URL> {
  const file = path.join(folder, "thread.mjs");
  await writeFile(file, code);
  return pathToFileURL(file);
}

const READY =
  'import { parentPort } from "node:worker_threads"; parentPort.postMessage({ kind: "ready" });\n';
const NEVER_ENDS = `${READY}setInterval(() => undefined, 1000);\n`;

function configIn(result: LoadResult): Config {
  return result.ok ? result.config : expect.fail(result.issues.map(formatIssue).join("\n"));
}

/** All that can be compared of a result. */
function shown(result: LoadResult) {
  if (!result.ok) return { issues: result.issues, files: result.files };
  const { jobs, jobPlaces, ...config } = result.config;
  return {
    ...{ config, files: result.files, warnings: result.warnings, places: jobPlaces.origin },
    jobs: jobs.map(({ schedule, ...job }) => ({
      ...job,
      keys: Object.keys(job).sort(),
      isFrozen: Object.isFrozen(job),
      marks: definitionMarksOf({ schedule, ...job }),
      stretches: Object.entries(job.spec.calendars ?? {}).map(([name, { stretches }]) => [name, stretches]),
      next: schedule.next(Date.UTC(2026, 0, 1)),
    })),
  };
}

const folder = (name: string): ConfigFiles => {
  const found = readdirSync(path.join(ROOT, name), { withFileTypes: true }).filter(entry => entry.isFile());
  return Object.fromEntries(
    found.map(entry => [entry.name, readFileSync(path.join(ROOT, name, entry.name))]),
  );
};

const HOLIDAYS =
  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Christmas\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const RICH = [
  "defaults: { timezone: Europe/Berlin, retry: { attempts: 3 } }",
  "calendars: { holidays: { file: holidays.ics }, closed: [2026-08-01] }",
  "jobs:",
  '  a: { cron: ["0 2 * * *", "H 3 * * *"], handler: x, except: ["calendar:holidays", "calendar:closed"], jitter: 5m }',
  '  b: { every: 30s, command: [echo, "${TOKEN}"], overlap: queue, catchUp: all, timeout: 5s }',
  "  c: { at: [2026-12-24T18:00:00Z], http: { url: 'https://example.org/${TOKEN}' }, data: { list: [{ deep: 1 }] } }",
  "  d: { every: 1m, queue: theirs }",
].join("\n");
const RICH_SETTINGS = "queues: { default: {}, theirs: { prefix: bull, consume: false } }\ngeneration: 3\n";

describe("a configuration that is read in a thread", () => {
  it.for([
    ["the example", folder("config")],
    ["an embedded one", folder("examples/embed-express/config")],
    ["a queue of another program", folder("examples/existing-queue/config")],
    ["one in Kubernetes", folder("examples/kubernetes/config")],
    ["one for Compose", folder("deploy/compose/config")],
    [
      "calendars and all kinds",
      { "jobs.yaml": RICH, "bellwether.yaml": RICH_SETTINGS, "holidays.ics": HOLIDAYS },
    ],
    ["JSON", { "jobs.json": '{ "jobs": { "a": { "every": "5s", "handler": "x" } } }' }],
    ["mistakes", { "jobs.yaml": "jobs:\n  a: { every: 5, handlr: x }\n  b: { cron: '* *', handler: y }\n" }],
    [
      "mistakes in JSON",
      {
        "jobs.json": '{\n "jobs": { "a": { "every": "5s" },\n  "a": { "evry": "5s", "handler": "${NO}" } } }',
      },
    ],
    ["a syntax error", { "jobs.yaml": "jobs: [\n" }],
    ["no jobs", { "jobs.yaml": "jobs: {}\n" }],
    ["files that are not read", { "jobs.yaml": ONE_JOB, "other.yaml": ONE_JOB }],
  ] as const)("is the same as without: %s", async ([, files], { setup }) => {
    const { load, change, here } = await setup();
    await change(files);
    expect(shown(await load())).toEqual(shown(await here()));
  });

  it("is the same as without in damaged files", async ({ setup }) => {
    const { load, change, here } = await setup();
    for (const text of fc.sample(textsOf("jobs"), { numRuns: 8, seed: 7 })) {
      await change({ "jobs.yaml": text });
      expect(shown(await load()), text).toEqual(shown(await here()));
    }
  });

  it("has the jobs in code too, and none that the code has twice", async ({ setup }) => {
    const { load, change, here } = await setup();
    const value = { jobs: { coded: { every: "5s", run: "coded" } } };
    const codeJobs = { place: "new Bellwether({ jobs })", value };
    await change({ "jobs.yaml": RICH.replace("  d: {", "  e: {").replace(/.*holidays.*\n/g, "") });
    expect(shown(await load({ codeJobs }))).toEqual(shown(await here({ codeJobs })));
    await change({ "jobs.yaml": ONE_JOB.replace("tick:", "coded:") });
    expect(shown(await load({ codeJobs }))).toEqual(shown(await here({ codeJobs })));
  });

  it("has the same objects for jobs that have not changed", async ({ setup }) => {
    const files = { "jobs.yaml": RICH, "bellwether.yaml": RICH_SETTINGS, "holidays.ics": HOLIDAYS };
    const { load, change, first } = await setup(files);
    const before = configIn(first);
    await change({ ...files, "jobs.yaml": RICH.replace("every: 30s", "every: 31s") });
    const { jobs, policySources } = configIn(await load());
    expect(jobs.map((job, i) => job === before.jobs[i])).toEqual([true, false, true, true]);
    expect(policySources).toEqual(before.policySources);
    const after = configIn(await load());
    expect(after.jobs.every((job, i) => job === jobs[i])).toBe(true);
    // Only the name of a calendar's event, and a policy that is in the defaults now.
    const renamed = { ...files, "holidays.ics": HOLIDAYS.replace("Christmas", "Xmas") };
    await change({
      ...renamed,
      "jobs.yaml": RICH.replace("every: 30s", "every: 31s, timezone: Europe/Berlin"),
    });
    const last = configIn(await load());
    expect(last.jobs.map((job, i) => job === jobs[i])).toEqual([false, false, true, true]);
    expect(last.policySources[1]).toMatchObject({ timezone: "job" });
    expect(jobsByName(last.jobs)).toEqual(new Map(last.jobs.map(job => [job.name, job])));
    expect(hashJobs(last.jobs)).toBe(hashJobs([...last.jobs]));
    expect(last.jobs[0]?.spec.calendars?.["holidays"]?.stretches).toMatchObject([{ name: "Xmas" }]);
  });

  it("may have more jobs than one message, added, changed and removed at once", async ({ setup }) => {
    const text = (from: number, to: number, every: string) => {
      const names = Array.from({ length: to - from }, (_, i) => `job-${from + i}`);
      return `jobs:\n${names.map(name => `  ${name}: { every: ${every}, handler: x }\n`).join("")}`;
    };
    const { load, change, here } = await setup({ "jobs.yaml": text(0, 1_500, "5s") });
    await change({ "jobs.yaml": text(500, 2_000, "7s") });
    const loaded = await load();
    expect(shown(loaded)).toEqual(shown(await here()));
    // As without a thread: what is equal is there once.
    expect(new Set(configIn(loaded).jobs.map(({ retry }) => retry)).size).toBe(1);
    expect(new Set(configIn(loaded).jobs.map(({ schedule }) => schedule)).size).toBe(1);
  });

  it("may be asked for twice at once", async ({ setup }) => {
    const { load, change, here } = await setup();
    await change({ "jobs.yaml": RICH.replace(/.*holidays.*\n/g, "") });
    const [one, other] = await Promise.all([load(), load()]);
    const expected = shown(await here());
    expect([shown(one), shown(other)]).toEqual([expected, expected]);
  });
});

describe("a thread that fails", () => {
  it.for([
    ["dies", `${READY}process.exit(1);\n`, /failed, so nothing changed: it has ended/],
    ["throws", `${READY}throw new Error("no luck");\n`, /failed, so nothing changed: no luck/],
    ["sends nonsense", `${READY}parentPort.postMessage({ kind: "page" });\n`, /it sent page/],
  ] as const)("changes nothing, and says so: it %s", async ([, code, problem], { setup, makeFolder }) => {
    const file = await program(await makeFolder(), code);
    const { load, change } = await setup(undefined, { file });
    await change({ "jobs.yaml": ONE_JOB.replace("5s", "6s") });
    const result = await load();
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.issues.map(formatIssue)).toEqual([expect.stringMatching(problem)]);
  });

  it("changes nothing, and says so: it hangs", async ({ setup, makeFolder }) => {
    const file = await program(await makeFolder(), NEVER_ENDS);
    const { load } = await setup(undefined, { file, limitMs: 500 });
    const result = await load();
    expect(result.ok ? [] : result.issues.map(formatIssue)).toEqual([
      expect.stringContaining("it took longer than 500 ms"),
    ]);
  });

  it("changes nothing, and says so: it runs out of memory", async ({ setup, makeFolder }) => {
    const file = await program(
      await makeFolder(),
      `${READY}const all = [];\nfor (;;) all.push(new Array(1000).fill(all.length));\n`,
    );
    const { load } = await setup(undefined, { file, resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const result = await load();
    expect(result.ok ? [] : result.issues.map(formatIssue)).toEqual([
      expect.stringContaining("memory limit"),
    ]);
  });

  it.for([
    ["there is no such file, as in a bundle", null],
    ["it cannot begin", 'throw new Error("no modules here");\n'],
  ] as const)(
    "leaves the work to this thread where there are none: %s",
    async ([, code], { setup, makeFolder }) => {
      const dir = await makeFolder();
      const file = code === null ? pathToFileURL(path.join(dir, "none.mjs")) : await program(dir, code);
      const { load, change, here } = await setup(undefined, { file });
      await change({ "jobs.yaml": RICH.replace(/.*holidays.*\n/g, "") });
      expect(shown(await load())).toEqual(shown(await here()));
    },
  );
});

describe("a stop", () => {
  it("ends a thread that reads", async ({ setup, makeFolder }) => {
    const file = await program(await makeFolder(), NEVER_ENDS);
    const { load, loader } = await setup(undefined, { file });
    const loading = load();
    loader.stop();
    await expect(loading).rejects.toThrow(Aborted);
    await expect(load()).rejects.toThrow(Aborted);
  });
});

describe("a small configuration", () => {
  it("pays for no thread", async ({ setup, makeFolder }) => {
    const file = await program(await makeFolder(), `${READY}process.exit(1);\n`);
    const { load, change, here } = await setup(undefined, { file, threadBytes: 1_000 });
    await change({ "jobs.yaml": ONE_JOB.replace("5s", "6s") });
    expect(shown(await load())).toEqual(shown(await here()));
    await change({ "jobs.yaml": `${ONE_JOB}# ${"x".repeat(1_000)}\n` });
    expect(await load()).toMatchObject({ ok: false });
  });
});
