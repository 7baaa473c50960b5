import { isUserName, parseCrontabLine } from "./crontab-lines.ts";

/** Whether the lines of a crontab name users, as /etc/crontab does; `unclear`: a person has to say so. */
export type UserColumn =
  | { readonly outcome: "none" }
  | { readonly outcome: "users"; readonly users: readonly string[] }
  | { readonly outcome: "unclear"; readonly line: number; readonly word: string };

/** Accounts that systems and distributions make, as far as no command has the name. */
const ACCOUNTS = new Set(
  [
    "root daemon nobody www-data www apache nginx postgres mysql mongodb rabbitmq elasticsearch jenkins tomcat ubuntu",
    "ec2-user debian centos vagrant munin nagios zabbix prometheus grafana logcheck smmsp debian-spamd ntp chrony list",
    "uucp news _apt systemd-timesync messagebus",
  ]
    .join(" ")
    .split(" "),
);

/** Programs that take a file or a program first: what is in front of one is no user. */
const RUNNERS =
  /^(sudo|doas|nice|ionice|nohup|exec|env|time|timeout|flock|chronic|setsid|sh|bash|dash|zsh|ksh|node|php[\d.]*|python[\d.]*|ruby|perl|java|cd|test|find|rm|cp|mv|cat|ls|tar|du|touch|mkdir|chmod|chown|source|rsync|curl|wget|mysqldump|pg_dump)$/;
const BEGINS_COMMAND = /^(\/|\.\/|~\/|cd$|test$|\[$|command$|(ba|da|z)?sh$|php$|python3?$|node$|ruby$|perl$)/;

/** Reads what is behind the fields of all lines. */
export function findUserColumn(text: string): UserColumn {
  const users = new Set<string>();
  let isEveryLine = true;
  let suspect: { line: number; word: string } | null = null;
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const entry = parseCrontabLine(written, false);
    if (entry.kind !== "entry") continue;
    const [word = "", next = ""] = entry.command.split(/\s+/);
    const isAccount = ACCOUNTS.has(word) && next !== "";
    if (isAccount) users.add(word);
    const isLike = isUserName(word) && !RUNNERS.test(word) && BEGINS_COMMAND.test(next);
    if (isAccount || isLike) suspect ??= { line: index + 1, word };
    else isEveryLine = false;
  }
  if (suspect === null) return { outcome: "none" };
  if (users.size > 0 && isEveryLine) return { outcome: "users", users: [...users] };
  return { outcome: "unclear", ...suspect };
}
