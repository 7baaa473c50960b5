import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { bellwether, MAIN, plainEnvironment } from "../support/command.ts";
import { createProject, type TestProject } from "../support/project.ts";

async function project(files: Readonly<Record<string, string>>): Promise<TestProject> {
  const made = await createProject(files);
  onTestFinished(() => made.dispose());
  return made;
}

/** The next tick of each job of a jobs.yaml, as `bellwether next` says. */
async function nextTicks(jobsYaml: string, from: string, files: Readonly<Record<string, string>> = {}) {
  const { dir } = await project({ "config/jobs.yaml": jobsYaml, ...files });
  expect(await bellwether(["check"], { cwd: dir })).toMatchObject({ code: 0, stderr: "" });
  const next = await bellwether(["next", "--count", "1", "--from", from, "--json"], { cwd: dir });
  const ticks = JSON.parse(next.stdout) as { job: string; tick: string }[];
  return Object.fromEntries(ticks.map(({ job, tick }) => [job, tick]));
}

describe("import crontab", () => {
  const CRONTAB = [
    "MAILTO=ops@example.com",
    "30 2 * * 1-5 cd /srv && backup.sh --date=$(date +\\%F)",
    "0 0 */2 * 1 report",
    "@daily mail -s hello ops%Good morning.",
    "",
  ].join("\n");

  test("prints a configuration that is valid and has the ticks of the crontab", async () => {
    const { dir } = await project({ crontab: CRONTAB });
    const args = ["import", "crontab", "crontab", "--timezone", "Europe/Berlin", "--queue", "ops"];
    const { code, stdout, stderr } = await bellwether(args, { cwd: dir });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^crontab:1: MAILTO: no mail is sent[^\n]*\n$/);
    expect(stdout).toContain("  queue: ops\n");
    expect(await nextTicks(stdout, "2026-11-24T12:00:00Z")).toEqual({
      backup: "2026-11-25T01:30:00.000Z",
      report: "2026-12-06T23:00:00.000Z",
      mail: "2026-11-24T23:00:00.000Z",
    });
  });

  test("ends with 1 when a line could not be carried over, and prints the others", async () => {
    const { dir } = await project({ crontab: `${CRONTAB}@reboot warm\n61 * * * * x\n` });
    const { code, stdout, stderr } = await bellwether(["import", "crontab", "crontab", "--timezone", "UTC"], {
      cwd: dir,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^crontab:5: not carried over: @reboot/m);
    expect(stderr).toMatch(/^crontab:6: not carried over: cron: .*61 is outside 0-59/m);
    expect(Object.keys(await nextTicks(stdout, "2026-11-24T12:00:00Z"))).toHaveLength(3);
  });

  test("reads stdin, with users, and names the zone that it assumes", async () => {
    const child = spawn(process.execPath, [MAIN, "import", "crontab", "-", "--system"], {
      env: plainEnvironment({ TZ: "Asia/Tokyo" }),
    });
    child.stdin.end("17 * * * * root run-parts /etc/cron.hourly\n");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(stdout).toContain("  timezone: Asia/Tokyo\n");
    expect(stdout).toContain('    command: ["sh", "-c", "run-parts /etc/cron.hourly"]\n');
    expect(stderr).toBe(
      "times are read in Asia/Tokyo, the zone of this machine (--timezone)\n" +
        "stdin:1: ran as root; here commands run as the user of the replica\n",
    );
  });

  test.each([
    ["nowhere", 2, "nowhere: there is no such file\n"],
    [".", 2, ".: it is a folder, expected a file\n"],
    ["binary", 2, "binary: it is not a text, expected a crontab\n"],
  ])("says in one line what is wrong with %s", async (file, code, stderr) => {
    const { dir } = await project({ binary: "0 0 * * * \0" });
    const result = await bellwether(["import", "crontab", file], { cwd: dir });
    expect(result).toEqual({ code, stdout: "", stderr });
  });

  test.each([
    ["an empty file", "", 1, "crontab: there is no job in it\n"],
    ["a file of comments", "# nothing\n\n", 1, "crontab: there is no job in it\n"],
    ["a file of variables", "LANG=C\n", 1, "crontab: there is no job in it\n"],
  ])("says in one line that there is no job in %s", async (_name, content, code, line) => {
    const { dir } = await project({ crontab: content });
    const result = await bellwether(["import", "crontab", "crontab", "--timezone", "UTC"], { cwd: dir });
    expect(result).toEqual({ code, stdout: "", stderr: line });
  });

  test("refuses a zone that is none, and wants a file", async () => {
    const { dir } = await project({ crontab: CRONTAB });
    const zone = await bellwether(["import", "crontab", "crontab", "--timezone", "Mars"], { cwd: dir });
    expect(zone).toMatchObject({ code: 2, stdout: "" });
    expect(zone.stderr).toMatch(/^--timezone: "Mars" is not a time zone.*\n$/);
    expect(await bellwether(["import", "crontab"])).toMatchObject({ code: 2 });
    expect(await bellwether(["import"])).toMatchObject({ code: 2 });
  });

  test("is told by --help, exit code included", async () => {
    const { code, stdout } = await bellwether(["import", "crontab", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Exit code 1 when something could not be carried over");
  });
});
