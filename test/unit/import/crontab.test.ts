import { describe, expect, test } from "vitest";
import type { Config, Job } from "../../../src/config/config.ts";
import { importCrontab } from "../../../src/import/crontab.ts";
import { formatNote } from "../../../src/import/imported-jobs.ts";
import { writeJobsDocument } from "../../../src/import/jobs-document.ts";
import { loadValid } from "../../support/config.ts";
import { vixieTicks } from "./vixie-oracle.ts";

interface Setup {
  readonly isSystem?: boolean;
  readonly timezone?: string;
  readonly queue?: string;
}

async function importLines(lines: readonly string[], options: Setup = {}) {
  const imported = importCrontab({
    file: "crontab",
    text: lines.join("\n"),
    isSystem: false,
    timezone: "UTC",
    queue: null,
    ...options,
  });
  const { text, notes } = writeJobsDocument(imported);
  const config: Config | null = text === null ? null : await loadValid({ "jobs.yaml": text });
  return { text, jobs: config?.jobs ?? [], notes: notes.map(formatNote) };
}

async function importOne(lines: readonly string[], options: Setup = {}): Promise<Job> {
  const { jobs } = await importLines(lines, options);
  const [job] = jobs;
  if (job === undefined || jobs.length !== 1) throw new Error(`expected one job, found ${jobs.length}`);
  return job;
}

function ticksOf(job: Job, fromMs: number, untilMs: number): number[] {
  const ticks: number[] = [];
  for (let after = fromMs - 1; ; ) {
    const tick = job.schedule.next(after);
    if (tick === null || tick.at >= untilMs) return ticks;
    ticks.push(tick.at);
    after = tick.at;
  }
}

describe("the ticks are those of cron", () => {
  test.each([
    "0 2 * * *",
    "*/7 * * * *",
    "5,35 1-5/2 * 2,3 *",
    "0 0 1,15 * 5",
    "0 0 13 * 5",
    "0 0 * * 7",
    "0 12 * * 5-7",
    "0 0 */2 * *",
    "0 0 */2 * 1",
    "0 0 1-7 * */7",
    "0 0 */10 * */2",
    "0 0 1,* * 1",
    "0 9 */1 * 1-5",
    "0 9 1-31 * 1-5",
    "0 9 1-15,16-31 * 1",
    "0 9 13 * 0-6",
    "0 9 13 * 1-7",
    "0 9 13 * */1",
    "0 9 */2 * 0-7",
    "0 9 * * 0-6",
    "0 0 * * 1,*",
    "*/20 3 */5 3 1-5",
    "59 23 31 * *",
  ])("%s", async schedule => {
    const [fromMs, untilMs] = [Date.parse("2026-01-25T00:00:00Z"), Date.parse("2026-06-10T00:00:00Z")];
    const job = await importOne([`${schedule} work`]);
    expect(ticksOf(job, fromMs, untilMs)).toEqual(vixieTicks(schedule, fromMs, untilMs));
  });

  test("an entry whose minutes begin with a star follows the wall clock at daylight saving", async () => {
    const job = await importOne(["*/30 2 * * * work"], { timezone: "Europe/Berlin" });
    const ticksOn = (day: string) =>
      ticksOf(job, Date.parse(`${day}T00:00:00Z`), Date.parse(`${day}T12:00:00Z`)).length;
    expect([ticksOn("2026-03-28"), ticksOn("2026-03-29"), ticksOn("2026-10-25")]).toEqual([2, 0, 4]);
  });
});

test("a question mark in a day field is a star, as to the crons that take it", async () => {
  const job = await importOne(["0 9 ? * 1-5 work"]);
  const [fromMs, untilMs] = [Date.parse("2026-01-25T00:00:00Z"), Date.parse("2026-06-10T00:00:00Z")];
  expect(ticksOf(job, fromMs, untilMs)).toEqual(vixieTicks("0 9 * * 1-5", fromMs, untilMs));
});

test("the names that only FreeBSD has are carried over", async () => {
  const { jobs } = await importLines(["@every_minute a", "@every_second b"]);
  expect(jobs.map(job => job.scheduleText)).toEqual(["* * * * *", "* * * * * *"]);
});

test("says of a step without a range that crons differ", async () => {
  const { notes } = await importLines(["5/15 * * * * work"]);
  expect(notes).toEqual([expect.stringMatching(/^crontab:1: 5\/15: a step without a range is refused by/)]);
});

describe("an entry becomes a job", () => {
  test("with a shell, named after its command, once each", async () => {
    const { jobs } = await importLines(["@daily backup.sh --full", "0 3 * * * backup.sh"]);
    expect(jobs).toMatchObject([
      { name: "backup", handler: { argv: ["sh", "-c", "backup.sh --full"], env: {}, stdin: null } },
      { name: "backup-2", handler: { argv: ["sh", "-c", "backup.sh"] } },
    ]);
    expect(jobs[0]).toMatchObject({ catchUp: "none", queue: "default", spec: { timezone: "UTC" } });
  });

  test("with the variables above it, and those alone", async () => {
    const { jobs, notes } = await importLines([
      "0 1 * * * first",
      "SHELL=/bin/bash",
      "HOME=/srv",
      "PATH=/opt/bin:/bin",
      "LANG=C",
      "0 2 * * * second",
      "LANG=de_DE",
      "0 3 * * * third",
    ]);
    const env = { HOME: "/srv", PATH: "/opt/bin:/bin" };
    expect(jobs.map(job => job.handler)).toMatchObject([
      { argv: ["sh", "-c", "first"], cwd: null, env: {} },
      { argv: ["/bin/bash", "-c", "second"], cwd: "/srv", env: { ...env, LANG: "C" } },
      { argv: ["/bin/bash", "-c", "third"], cwd: "/srv", env: { ...env, LANG: "de_DE" } },
    ]);
    expect(notes).toEqual([]);
  });

  test("with the shell at its own place where PATH is changed", async () => {
    const job = await importOne(["PATH=/opt/bin", "@daily x"]);
    expect(job.handler).toMatchObject({ argv: ["/bin/sh", "-c", "x"] });
  });

  test("in the zone of CRON_TZ, while TZ is the command's", async () => {
    const { jobs, notes } = await importLines(
      ["TZ=Asia/Tokyo", "0 1 * * * a", "CRON_TZ=America/New_York", "0 1 * * * b"],
      { timezone: "Europe/Berlin" },
    );
    expect(jobs.map(job => job.spec.timezone)).toEqual(["Europe/Berlin", "America/New_York"]);
    expect(jobs[0]?.handler).toMatchObject({ env: { TZ: "Asia/Tokyo" } });
    expect(notes).toEqual([expect.stringMatching(/^crontab:1: TZ is the zone of what the commands print/)]);
  });

  test("in the zone that a form of the C library's means", async () => {
    const { jobs, notes } = await importLines(
      ["CRON_TZ=:Asia/Tokyo", "@daily a", "CRON_TZ=UTC0", "@daily b", "CRON_TZ=:/etc/localtime", "@daily c"],
      { timezone: "Europe/Berlin" },
    );
    expect(jobs.map(job => job.spec.timezone)).toEqual(["Asia/Tokyo", "UTC", "Europe/Berlin"]);
    expect(notes).toEqual([]);
  });

  test("not in a zone that is none, for which cron would take UTC", async () => {
    const { text, notes } = await importLines(["CRON_TZ=Mars/Base", "@daily x"]);
    expect(text).toBeNull();
    expect(notes).toEqual([
      expect.stringMatching(/^crontab:1: CRON_TZ: Mars\/Base is not a time zone here; cron itself takes UTC/),
      expect.stringMatching(/^crontab:2: not carried over: timezone: .*Mars/),
    ]);
  });

  test("with its input, its queue, and the random delay of cronie", async () => {
    const job = await importOne(["RANDOM_DELAY=6", "@daily mail a%Hello,%%you."], { queue: "ops" });
    expect(job).toMatchObject({
      queue: "ops",
      spec: { jitterMs: 360_000 },
      handler: { argv: ["sh", "-c", "mail a"], stdin: "Hello,\n\nyou.\n" },
    });
  });

  test("with its very text, whatever YAML and the environment's references make of it", async () => {
    const commands = [
      "echo \"${HOME}\" $${X} ${Y:-z} 'a' # no comment",
      "true",
      "12345",
      "- a: [b, {c: &d *e}] | > ! @ `f`",
      String.raw`printf "\t\n\x41" \\`,
      "a:b: c",
      "ünïcödé 😀",
    ];
    const { jobs } = await importLines(commands.map(command => `@daily ${command}`));
    const imported = jobs.map(({ handler }) => handler !== null && "argv" in handler && handler.argv[2]);
    expect(imported.toSorted()).toEqual(commands.toSorted());
  });

  test("with a hashed value for one that cronie picks at random", async () => {
    const { jobs, notes } = await importLines(["10~20 3 * * * renew", "~ ~ * * * x"]);
    expect(jobs.map(job => job.scheduleText)).toEqual(["H(10-20) 3 * * *", "H(0-59) H(0-23) * * *"]);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^crontab:1: ~ is a random value/);
  });
});

describe("what cannot be carried over is told with its line", () => {
  test.each([
    ["a time that is none", ["@reboot warm-cache"], /^crontab:1: not carried over: @reboot is no time/],
    ["a value out of range", ["61 * * * * x"], /^crontab:1: not carried over: cron: .*61 is outside 0-59/],
    ["a range that runs backwards", ["0 22-6 * * * x"], /not carried over: cron: .*runs backwards/],
    ["an unknown name", ["@fortnightly x"], /not carried over: cron: .*@fortnightly is not known/],
    ["a date that never comes", ["0 0 31 2 * x"], /not carried over: cron: .*never fires/],
    ["too few fields", ["# a", "", "0 5 * *"], /^crontab:3: not carried over: found 4 words/],
    ["mail", ["MAILTO=ops@example.com"], /^crontab:1: MAILTO: no mail is sent/],
  ])("%s", async (_name, lines, note) => {
    const { text, notes } = await importLines(lines);
    expect(text).toBeNull();
    expect(notes).toEqual([expect.stringMatching(note)]);
  });

  test("and the rest is a configuration, with the same notes as comments, in the order of the lines", async () => {
    const { text, jobs, notes } = await importLines([
      "MAILTO=a@b",
      "61 * * * * bad",
      "@daily good",
      "@reboot x",
    ]);
    expect(jobs.map(job => job.name)).toEqual(["good"]);
    expect(notes.map(note => note.split(" ")[0])).toEqual(["crontab:1:", "crontab:2:", "crontab:4:"]);
    for (const note of notes) expect(text).toContain(`# ${note}\n`);
    expect(text).toContain("  # crontab:3: @daily good\n  good:\n");
  });

  test("the users of a system crontab, each once", async () => {
    const lines = ["0 1 * * * root a", "0 2 * * * www b", "0 3 * * * root c"];
    const { jobs, notes } = await importLines(lines, { isSystem: true });
    expect(jobs.map(job => job.name)).toEqual(["a", "b", "c"]);
    expect(notes).toEqual([
      "crontab:1,3: ran as root; here commands run as the user of the replica",
      "crontab:2: ran as www; here commands run as the user of the replica",
    ]);
  });
});
