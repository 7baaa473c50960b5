// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tried
import fc from "fast-check";
import { importCrontab } from "../../src/import/crontab.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { checkImported } from "./imported.ts";
import { mutatedText } from "./mutations.ts";

const field = fc.constantFrom(
  "*",
  "0",
  "*/5",
  "1-7",
  "10~20",
  "~",
  "*/2",
  "mon-fri",
  "1,15",
  "61",
  "L",
  "*,*",
  "-",
  "31",
);
const command = fc.oneof(
  fc.constantFrom(
    "backup.sh",
    "echo 50\\%",
    "mail%Hello%there",
    "a && b | c > /dev/null",
    "${HOME}/x $${Y}",
    "# x",
    "$(date +\\%F)",
    "%",
    "'quo\"ted'",
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);
const line = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.array(field, { minLength: 5, maxLength: 5 }), command)
      .map(([fields, text]) => `${fields.join(" ")} ${text}`),
  },
  fc
    .tuple(fc.constantFrom("@daily", "@reboot", "@every", "@", "-@hourly"), command)
    .map(([name, text]) => `${name} ${text}`),
  fc
    .tuple(
      fc.constantFrom(
        "MAILTO",
        "SHELL",
        "PATH",
        "HOME",
        "CRON_TZ",
        "TZ",
        "RANDOM_DELAY",
        '"A B"',
        "__proto__",
        "BELLWETHER_RUN",
      ),
      command,
    )
    .map(([name, value]) => `${name} = ${value}`),
  fc.constantFrom("", "# a comment", "CRON_TZ=Europe/Berlin", "RANDOM_DELAY=99999999999", "CRON_TZ=Nowhere"),
);
const crontab = fc.array(line, { maxLength: 12 }).map(lines => lines.join("\n"));

export const crontabTarget = fuzzTarget({
  name: "crontab",
  inputs: fc.record({
    text: fc.oneof({ weight: 3, arbitrary: crontab }, { weight: 2, arbitrary: mutatedText(crontab) }),
    isSystem: fc.boolean(),
    timezone: fc.constantFrom("UTC", "Europe/Berlin"),
    queue: fc.constantFrom(null, "mail"),
  }),
  check: options => checkImported(importCrontab({ file: "crontab", ...options })),
});
