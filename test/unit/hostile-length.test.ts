import { expect, it } from "vitest";
import { matcherOf } from "../../src/client/pausing.ts";
import { formatIssue } from "../../src/config/document/config-issue.ts";
import { quote } from "../../src/config/document/describe.ts";
import { maskUrls } from "../../src/config/mask-url.ts";
import { parseRedisUrl } from "../../src/config/schemas/redis-url.ts";
import { describeFailure } from "../../src/etcd/failure.ts";
import { explainImportError } from "../../src/handlers/import-error.ts";
import { withoutInternalFrames } from "../../src/handlers/stack-frames.ts";
import { readIcs } from "../../src/ical/ics.ts";
import { importCrontab, readTz } from "../../src/import/crontab.ts";
import { withinTime } from "../fuzz/time-limit.ts";
import { calendar } from "../support/ics.ts";

const LENGTH = 200_000;
/** What takes quadratic time takes minutes. */
const LIMIT_MS = 15_000;

const HALF = LENGTH / 2;

const keyOf = (key: string) =>
  formatIssue({ file: "jobs.yaml", line: 1, column: 1, key, problem: "unknown" });
const importLine = (text: string) =>
  importCrontab({ file: "crontab", text, isSystem: false, timezone: "UTC", queue: null });
const readEvent = (line: string) => readIcs(Buffer.from(calendar(line)));
const ETCD = {
  address: { hosts: ["etcd"], namespace: "a", tls: null, credentials: null },
  callLimitMs: 1_000,
};
const importError = (stack: string) =>
  explainImportError(Object.assign(new Error("x"), { stack }), null, file => file);

it.each<[what: string, read: (text: string) => unknown, text: string]>([
  ["a key without an end", keyOf, "a".repeat(LENGTH)],
  ["an address in a key with punctuation", keyOf, `redis://host${"!".repeat(LENGTH)}x`],
  ["an error with one address after the other", maskUrls, `a://b:"`.repeat(LENGTH / 7)],
  ["an error with colons and quotes", maskUrls, `a://@${":".repeat(HALF)}${'"'.repeat(HALF)}`],
  ["an error with brackets", maskUrls, "(:".repeat(LENGTH)],
  ["a value with slashes", quote, "/".repeat(LENGTH)],
  ["a value with addresses", quote, "//a".repeat(LENGTH)],
  ["a value with addresses and a query", quote, `${"://".repeat(LENGTH)} ?`],
  ["an address of Redis with #", parseRedisUrl, `redis://a@${"#".repeat(LENGTH)}`],
  ["an error of etcd with blanks", text => describeFailure(new Error(text), ETCD), `x${" ".repeat(LENGTH)}x`],
  ["a stack with brackets", withoutInternalFrames, `    at ${"(".repeat(LENGTH)}\r`],
  ["a stack with blank lines", importError, `\n${"\r".repeat(LENGTH)}x`],
  ["a time in a calendar with commas", readEvent, `DTSTART:${",".repeat(LENGTH)}x`],
  ["a time in a calendar with semicolons", readEvent, `DTSTART${";".repeat(LENGTH)}x:20260101`],
  ["a variable of a crontab with blanks", importLine, `A=${"\t".repeat(LENGTH)}x\u2028x`],
  ["a command of a crontab with blanks", importLine, `* * * * *${" ".repeat(LENGTH)}x\u2028x`],
  ["a field of a crontab with digits", importLine, `${"0".repeat(LENGTH)} * * * * x~`],
  ["a zone of a crontab", readTz, `${"/zoneinfo/o".repeat(LENGTH)}\u2028x`],
  ["a pattern with stars", matcherOf(`${"*a".repeat(40)}*b`), "a".repeat(100)],
])("comes to the end of %s", (_, read, text) => {
  expect(() => withinTime(LIMIT_MS, () => read(text))).not.toThrow();
});
