import { describe, expect, it } from "vitest";
import { readTz } from "../../../src/import/crontab.ts";
import { parseCrontabLine } from "../../../src/import/crontab-lines.ts";
import { findUserColumn } from "../../../src/import/crontab-users.ts";

describe("a column with users", () => {
  it.each([
    [
      ["17 *\t* * *\troot\tcd / && run-parts x", "@daily www-data php /srv/a.php"],
      { outcome: "users", users: ["root", "www-data"] },
    ],
    [["0 3 * * * root /bin/a", "0 4 * * * deploy /srv/b"], { outcome: "users", users: ["root"] }],
    [["0 3 * * * deploy /srv/b"], { outcome: "unclear", line: 1, word: "deploy" }],
    [["# a", "0 3 * * * root x", "0 4 * * * /bin/b"], { outcome: "unclear", line: 2, word: "root" }],
    [
      [
        "0 3 * * * /usr/local/bin/backup.sh --full",
        "15 4 * * * nice -n 10 /usr/bin/report",
        "30 5 * * * cleanup",
      ],
      { outcome: "none" },
    ],
    [
      ["0 3 * * * php /srv/a.php", "0 3 * * * cd /srv && ./a", "* * * * * rsync /a /b", "@daily root"],
      { outcome: "none" },
    ],
    [["MAILTO=root", ""], { outcome: "none" }],
  ])("of %j", (lines, column) => {
    expect(findUserColumn(lines.join("\n"))).toEqual(column);
  });

  it.each([
    ["0 3 * * * /usr/local/bin/backup.sh --full", /^found \/usr\/local\/bin\/backup\.sh for the user/],
    [
      "15 4 * * * nice -n 10 /usr/bin/report",
      /^found nice -n for the user: expected its name, or no --system$/,
    ],
  ])("is not what %s has", (line, problem) => {
    expect(parseCrontabLine(line, true)).toEqual({ kind: "broken", problem: expect.stringMatching(problem) });
  });
});

it.each([
  ["Europe/Berlin", { name: "Europe/Berlin" }],
  [":Europe/Berlin", { name: "Europe/Berlin" }],
  [":/etc/localtime", "local"],
  ["", "local"],
  ["UTC0", { name: "UTC" }],
  ["GMT-0", { name: "UTC" }],
  ["/usr/share/zoneinfo/posix/America/New_York", { name: "America/New_York" }],
  ["posix/Europe/Paris", { name: "Europe/Paris" }],
  ["/usr/share/zoneinfo/right/Asia/Tokyo", { name: "Asia/Tokyo" }],
  ["UTC-0:00", { name: "UTC" }],
  // The signs of POSIX count to the west, like those of Etc/GMT.
  ["UTC+5", { name: "Etc/GMT+5" }],
  ["EST5", { name: "Etc/GMT+5" }],
  ["CET-1", { name: "Etc/GMT-1" }],
  ["<+03>-3", { name: "Etc/GMT-3" }],
  ["IST-5:30", { name: "IST-5:30" }],
  ["UTC+25", { name: "UTC+25" }],
  ["EST5EDT", { name: "EST5EDT" }],
  ["CET-1CEST", { name: "CET-1CEST" }],
])("TZ=%s is a zone", (text, zone) => {
  expect(readTz(text)).toEqual(zone);
});
