import { describe, expect, test } from "vitest";
import { JobNames, nameOfCommand } from "../../../src/import/job-names.ts";

describe("a job is named after its command", () => {
  test.each([
    ["/usr/local/bin/backup.sh --full", "backup"],
    ["cd /srv/shop && php artisan schedule:run >> /dev/null 2>&1", "artisan-schedule:run"],
    ["pg_dump shop > /backup/shop.sql", "pg_dump-shop"],
    ["FOO=bar BAR=baz /opt/run", "run"],
    ["sudo -u www nice -n 10 /opt/tool.py", "tool"],
    ["/usr/bin/flock -n /tmp/lock /opt/sync orders", "sync-orders"],
    ["timeout 60 node /srv/jobs/clean-up.mjs", "clean-up"],
    ["test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily", "run-parts"],
    ["[ -d /x ] && find /x -delete", "find"],
    ["npm run report:daily", "npm-run-report:daily"],
    ['/usr/bin/env python3 "/srv/a b.py"', "a-b.py"],
    ["node", "node"],
    [":", ":"],
  ])("%s", (command, name) => {
    expect(nameOfCommand(command)).toBe(name);
  });
});

describe("names of jobs", () => {
  test("are valid and unique, whatever is wanted", () => {
    const names = new JobNames();
    const wanted = ["backup", "backup", "backup", "a:b c", "---", "", "x".repeat(200), "x".repeat(200), "ä"];
    const taken = wanted.map(name => names.take(name));
    expect(taken.slice(0, 6)).toEqual(["backup", "backup-2", "backup-3", "a-b-c", "job", "job-2"]);
    expect(new Set(taken).size).toBe(taken.length);
    for (const name of taken) expect(name).toMatch(/^[A-Za-z0-9_.-]{1,100}$/);
  });
});
