import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect } from "vitest";
import { formatIssue, loadConfig } from "../../../src/config/load.ts";
import {
  type ConfigFiles,
  test as it,
  load,
  loadValid,
  ONE_JOB,
  settingsFile,
} from "../../support/config.ts";

const ALSO_ONE_JOB = '{ "jobs": { "a": { "every": "5s", "handler": "x" } } }';
const JOB = "{ every: 5s, handler: x }";

describe("the files of a configuration", () => {
  it("may be jobs.yaml alone: all settings have defaults", async () => {
    expect(await loadValid({ "jobs.yaml": ONE_JOB })).toMatchObject({
      namespace: "bellwether",
      redis: { kind: "url", url: "redis://127.0.0.1:6379" },
      election: { store: "redis", leaseTtlMs: 10_000 },
      generation: 0,
      queues: { default: { concurrency: 10, consume: true } },
      http: { host: "0.0.0.0", port: 8080 },
      log: { level: "info" },
      shutdownTimeoutMs: 30_000,
    });
  });

  it("may be JSON", async () => {
    const config = await loadValid({
      "bellwether.json": '{\n\t"$schema": "./schema/bellwether.schema.json",\n\t"http": false\n}\n',
      "jobs.json": '{ "$schema": "x", "jobs": { "a": { "every": "5s", "handler": "x" } } }',
    });
    expect(config).toMatchObject({ http: false, jobs: [{ name: "a" }] });
  });

  it("may be a folder of job files, with jobs.yaml beside it, each with defaults of its own", async () => {
    const config = await loadValid({
      "jobs.yml": `jobs: { a: ${JOB} }`,
      "jobs/b.yaml": `defaults: { queue: slow }\njobs: { b: ${JOB} }`,
      "jobs/c.json": '{ "jobs": { "c": { "every": "5s", "handler": "x" } } }',
      "jobs/README.md": "not: read: at all",
      "schema/jobs.schema.json": "{}",
    });
    expect(config.jobs.map(({ name, queue }) => [name, queue])).toEqual([
      ["a", "default"],
      ["b", "slow"],
      ["c", "default"],
    ]);
  });

  it("may be mounted as a ConfigMap: files are links, and what begins with a dot is bookkeeping", async ({
    writeConfig,
  }) => {
    const configDir = await writeConfig({ "jobs/..2026/a.yaml": ONE_JOB });
    const folder = path.join(configDir, "jobs");
    await symlink("..2026", path.join(folder, "..data"));
    await symlink("..data/a.yaml", path.join(folder, "a.yaml"));
    expect(await loadConfig({ configDir, env: {} })).toMatchObject({ ok: true, warnings: [] });
  });

  it("may use the port that the admin API would have", async () => {
    const { result } = await load(settingsFile("http: { port: 8081 }"));
    expect(result).toMatchObject({ ok: true, config: { http: { port: 8081 } }, warnings: [] });
  });

  it("warn of files that look like ours but are not read", async () => {
    const { result, lines } = await load({
      "jobs.yaml": ONE_JOB,
      "job.yaml": ONE_JOB,
      "belwether.yml": "{}",
      "values.yaml": "{}",
      "billing.yaml": ONE_JOB,
      "jobs.YML": "{}",
      "jobs.yaml.txt": ONE_JOB,
      "Job/a.yaml": ONE_JOB,
      "README.md": ONE_JOB,
      "jobs/more/b.yaml": ONE_JOB,
      "jobs/billing.YAML": ALSO_ONE_JOB,
      "jobs/mail.yaml.txt": ONE_JOB,
      "jobs/noext": ONE_JOB,
      "jobs/.hidden.yaml": ONE_JOB,
      "jobs/notes.txt": "the jobs: none",
      "jobs/README.md": ONE_JOB,
      "bellwether.yaml.txt": "namespace: other\n",
      "bellwether.production.yaml": "namespace: other\n",
      ".bellwether.yaml": "namespace: other\n",
      ".bellwether.yaml.swp": "namespace: other\n",
      "calendars.yaml": "calendars: { off: [2026-12-24] }\n",
      "defaults.json": '{ "defaults": { "timezone": "Europe/Berlin" } }',
      "schedules/night.yaml": ONE_JOB,
      "schema/jobs.schema.json": '{\n  "defaults": {}\n}',
      "holidays/de.ics": "BEGIN:VCALENDAR",
      "schema/openapi.json": '{\n  "paths": {\n    "jobs": {}\n  }\n}',
    });
    expect(lines).toEqual([]);
    const name = "expected a name that ends in .yaml, .yml or .json";
    const place = "expected jobs.yaml, or a file in config/jobs";
    expect(result.ok && result.warnings.map(warning => warning.replace(/\S*(?=config\/)/g, ""))).toEqual([
      "config/.bellwether.yaml is not read (did you mean bellwether.yaml?)",
      "config/Job is not read (did you mean jobs?)",
      "config/bellwether.production.yaml is not read (did you mean bellwether.yaml?)",
      "config/bellwether.yaml.txt is not read (did you mean bellwether.yaml?)",
      "config/belwether.yml is not read (did you mean bellwether.yml?)",
      `config/billing.yaml is not read, although there are jobs in it: ${place}`,
      `config/calendars.yaml is not read, although there are calendars in it: ${place}`,
      `config/defaults.json is not read, although there are defaults in it: ${place}`,
      "config/job.yaml is not read (did you mean jobs.yaml?)",
      "config/jobs.YML is not read (did you mean jobs.yml?)",
      `config/jobs.yaml.txt is not read, although there are jobs in it: ${place}`,
      "config/schedules is not read, although there are jobs in its night.yaml: job files stand directly in config/jobs",
      "config/jobs/.hidden.yaml is not read, although there are jobs in it: expected no dot in front",
      "config/jobs/billing.YAML is not read (did you mean billing.yaml?)",
      `config/jobs/mail.yaml.txt is not read, although there are jobs in it: ${name}`,
      "config/jobs/more is not read: job files stand directly in config/jobs",
      `config/jobs/noext is not read, although there are jobs in it: ${name}`,
    ]);
  });

  it("accept a byte order mark", async () => {
    expect((await load({ "jobs.yaml": `\uFEFF${ONE_JOB}` })).lines).toEqual([]);
  });
});

interface Row {
  readonly name: string;
  readonly files: ConfigFiles;
  readonly mistakes: readonly string[];
}

describe("a file that cannot be a configuration gives one line", () => {
  const rows: readonly Row[] = [
    {
      name: "no jobs file",
      files: { "bellwether.yaml": "log: { level: info }" },
      mistakes: [
        "config/jobs.yaml:1:1 there are no jobs: expected this file, or files in the folder jobs beside it",
      ],
    },
    {
      name: "a jobs file without jobs",
      files: { "jobs.yaml": "jobs: {}" },
      mistakes: ["config/jobs.yaml:1:1 jobs: there are no jobs, expected at least one (or allowEmpty: true)"],
    },
    {
      name: "jobs without the key jobs",
      files: { "jobs.yaml": `nightly: ${JOB}\njobs: { a: ${JOB} }` },
      mistakes: ["config/jobs.yaml:1:1 nightly: unknown key (a job belongs under `jobs:`)"],
    },
    {
      name: "two files of the same meaning",
      files: {
        "bellwether.yaml": "{}",
        "bellwether.yml": "{}",
        "jobs.yaml": ONE_JOB,
        "jobs.json": ALSO_ONE_JOB,
      },
      mistakes: [
        "config/bellwether.yml:1:1 there is bellwether.yaml too: expected only one of them",
        "config/jobs.yaml:1:1 there is jobs.json too: expected only one of them",
      ],
    },
    {
      name: "the same job in two files",
      files: { "jobs.yaml": `jobs:\n  a: ${JOB}`, "jobs/b.yaml": `jobs:\n  b: ${JOB}\n  a: ${JOB}` },
      mistakes: ["config/jobs/b.yaml:3:3 jobs.a: the job is defined already at config/jobs.yaml:2:3"],
    },
    {
      name: "an empty file",
      files: { "jobs.yaml": " \n" },
      mistakes: ["config/jobs.yaml:1:1 the file is empty"],
    },
    {
      name: "comments only",
      files: { "jobs.yaml": ONE_JOB, "bellwether.yaml": "# later\n" },
      mistakes: ["config/bellwether.yaml:1:1 the file is empty"],
    },
    {
      name: "a list",
      files: { "jobs.yaml": "- a\n- b\n" },
      mistakes: ["config/jobs.yaml:1:1 found a list at the top of the file, expected a mapping (key: value)"],
    },
    {
      name: "a text",
      files: { "jobs.yaml": "hello" },
      mistakes: [
        "config/jobs.yaml:1:1 found `hello` at the top of the file, expected a mapping (key: value)",
      ],
    },
    {
      name: "JSON that is cut off",
      files: { "jobs.json": '{\n  "jobs": {\n    "a": { "every": "5s",\n' },
      mistakes: ["config/jobs.json:3:26 a bracket is opened but never closed: expected }"],
    },
    {
      name: "bytes that are not UTF-8",
      files: { "jobs.yaml": Uint8Array.of(0x6a, 0xff, 0xfe) },
      mistakes: ["config/jobs.yaml:1:1 the file is not UTF-8 text"],
    },
    {
      name: "a directory",
      files: { "jobs.yaml/x": "" },
      mistakes: ["config/jobs.yaml:1:1 found a directory, expected a file"],
    },
    {
      name: "a file in the place of the folder",
      files: { "jobs.yaml": ONE_JOB, jobs: "" },
      mistakes: ["config/jobs:1:1 found a file, expected a directory"],
    },
  ];
  it.each(rows)("$name", async ({ files, mistakes }) => {
    expect((await load(files)).lines).toEqual(mistakes);
  });

  it("no jobs, with what may be meant to be them", async () => {
    const { lines } = await load({ "JOBS.yaml": ONE_JOB });
    expect(lines.map(line => line.replace(/\S*(?=config\/)/g, ""))).toEqual([
      "config/jobs.yaml:1:1 there are no jobs: expected this file, or files in the folder jobs beside it; config/JOBS.yaml is not read (did you mean jobs.yaml?)",
    ]);
  });

  it("no directory at all", async ({ writeConfig }) => {
    const configDir = path.join(await writeConfig({}), "nowhere");
    const result = await loadConfig({ configDir, env: {} });
    expect(result.ok ? [] : result.issues.map(formatIssue)).toEqual([
      `${configDir}:1:1 there is no such directory`,
    ]);
  });
});

describe("the jobs directory", () => {
  it("is the one that is given", async ({ writeConfig }) => {
    const configDir = await writeConfig({ "jobs.yaml": ONE_JOB });
    const result = await loadConfig({ configDir, env: {}, jobsDir: "/elsewhere" });
    expect(result).toMatchObject({ ok: true, config: { jobsDir: "/elsewhere" } });
  });

  it("stands beside the config directory", async ({ writeConfig }) => {
    const configDir = await writeConfig({ "jobs.yaml": ONE_JOB });
    const jobsDir = path.join(path.dirname(configDir), "jobs");
    await mkdir(jobsDir);
    expect(await loadConfig({ configDir, env: {} })).toMatchObject({ ok: true, config: { jobsDir } });
  });

  it("is looked for in the working directory when there is none beside the config directory", async ({
    writeConfig,
  }) => {
    const configDir = await writeConfig({ "jobs.yaml": ONE_JOB });
    await writeFile(path.join(path.dirname(configDir), "jobs"), "a file is no directory");
    const expected = { ok: true, config: { jobsDir: path.resolve("jobs") } };
    expect(await loadConfig({ configDir, env: {} })).toMatchObject(expected);
  });
});
