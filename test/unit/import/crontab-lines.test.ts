import { describe, expect, test } from "vitest";
import { parseCrontabLine } from "../../../src/import/crontab-lines.ts";

const ENTRY = { kind: "entry", schedule: "0 2 * * *", user: null, stdin: null };

describe("a line of a crontab", () => {
  test.each([
    ["is empty", "   ", { kind: "nothing" }],
    ["is a comment", "  # 0 2 * * * x", { kind: "nothing" }],
    ["sets a variable", "PATH=/usr/bin:/bin", { kind: "variable", name: "PATH", value: "/usr/bin:/bin" }],
    ["sets one with spaces", " \"A B\" = 'x y' ", { kind: "variable", name: "A B", value: "x y" }],
    ["sets one to nothing", 'MAILTO=""', { kind: "variable", name: "MAILTO", value: "" }],
    ["has an unfinished quote", "A='x", { kind: "variable", name: "A", value: "'x" }],
    ["has fields and a command", "0 2 * * *  ls -l", { ...ENTRY, command: "ls -l" }],
    ["has tabs", "0\t2\t*\t*\t*\tls", { ...ENTRY, schedule: "0\t2\t*\t*\t*", command: "ls" }],
    ["has a name for a schedule", "@daily ls", { ...ENTRY, schedule: "@daily", command: "ls" }],
    ["begins with a dash, which keeps cronie quiet", "-0 2 * * * ls", { ...ENTRY, command: "ls" }],
    ["sets a variable for its command only", "0 2 * * * A=1 ls", { ...ENTRY, command: "A=1 ls" }],
    ["has input", "0 2 * * * cat%a%b", { ...ENTRY, command: "cat", stdin: "a\nb\n" }],
    ["has input that ends its line", "0 2 * * * cat%a%", { ...ENTRY, command: "cat", stdin: "a\n" }],
    ["has empty input", "0 2 * * * cat%", { ...ENTRY, command: "cat", stdin: "" }],
    [
      "protects percent signs",
      String.raw`0 2 * * * date +\%F%100\%`,
      { ...ENTRY, command: "date +%F", stdin: "100%\n" },
    ],
    [
      "keeps other backslashes",
      String.raw`0 2 * * * echo \\%\n`,
      { ...ENTRY, command: String.raw`echo \\`, stdin: `${String.raw`\n`}\n` },
    ],
    [
      "has too few fields",
      "0 5 * *",
      {
        kind: "broken",
        problem: "found 4 words, expected five fields and a command, @daily and a command, or NAME=value",
      },
    ],
    [
      "has no command",
      "0 5 * * *",
      { kind: "broken", problem: "found nothing behind the fields, expected a command" },
    ],
  ])("%s", (_name, line, expected) => {
    expect(parseCrontabLine(line, false)).toEqual(expected);
  });

  test.each([
    ["seconds", "0 0 9 * * * /bin/report", "*"],
    ["seconds and a step", "0 0 9 * * */2 /bin/report", "*/2"],
    ["Quartz's fields", "0 0 9 ? * MON-FRI /bin/report", "MON-FRI"],
    ["an anacrontab", "@monthly 15 cron.monthly run-parts /etc/cron.monthly", "15"],
  ])("is refused with %s, instead of a command that no shell knows", (_name, line, field) => {
    expect(parseCrontabLine(line, false)).toMatchObject({
      kind: "broken",
      problem: expect.stringContaining(`the command would be \`${field} …\``),
    });
  });

  test("may call a program whose name begins like a field", () => {
    for (const command of ["7z a x", "mon -c x", "2to3 x", "15"]) {
      expect(parseCrontabLine(`0 2 * * * ${command}`, false)).toEqual({ ...ENTRY, command });
    }
  });

  test.each([
    ["names its user", "0 2 * * * root ls -l", { ...ENTRY, user: "root", command: "ls -l" }],
    ["does so behind a name", "@daily www ls", { ...ENTRY, schedule: "@daily", user: "www", command: "ls" }],
    [
      "has no command behind the user",
      "0 2 * * * root",
      { kind: "broken", problem: "found nothing behind the fields and the user, expected a command" },
    ],
  ])("of a system crontab %s", (_name, line, expected) => {
    expect(parseCrontabLine(line, true)).toEqual(expected);
  });
});
