// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tried
import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { describeChange } from "../../src/cli/explain/describe-change.ts";
import { describeFailures, describeSchedule } from "../../src/cli/explain/describe-policy.ts";
import { listTicks } from "../../src/client/tick-list.ts";
import type { Job } from "../../src/config/config.ts";
import { type ConfigIssue, formatIssue } from "../../src/config/document/config-issue.ts";
import { parseConfigDocument } from "../../src/config/document/parse-document.ts";
import { deepFreeze } from "../../src/config/freeze.ts";
import { hashJobs } from "../../src/config/hash.ts";
import { readJobs } from "../../src/config/jobs.ts";
import { ABSENT_SETTINGS, readSettings } from "../../src/config/settings.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { mutatedText, mutatedTree, SNIPPETS } from "./mutations.ts";

type File = "bellwether" | "jobs";

const EXAMPLE = path.resolve(import.meta.dirname, "../../config");

/** Files in which everything is used that there is; damaged, they reach every rule. */
const TREES: Readonly<Record<File, unknown>> = {
  bellwether: {
    namespace: "shop",
    redis: {
      cluster: { nodes: ["10.0.0.1:6379"] },
      username: "u",
      password: "${X}",
      tls: { ca: "/ca", cert: "/c", key: "/k" },
    },
    election: {
      store: "etcd",
      leaseTtl: "10s",
      etcd: { hosts: ["https://etcd:2379"], tls: { ca: "/ca" }, username: "u", password: "${file:/run/x}" },
    },
    generation: "${N:-1}",
    queues: { default: { concurrency: 5 }, mail: {} },
    handlers: { command: false, http: true },
    http: { host: "0.0.0.0", port: 8080 },
    admin: { host: "::1", port: "${N}", tokens: [{ name: "ops", role: "operator", token: "${X}" }] },
    log: { level: "info" },
    shutdownTimeout: "30s",
  },
  jobs: {
    allowEmpty: true,
    defaults: {
      timezone: "Europe/Berlin",
      queue: "default",
      catchUp: "all",
      dst: { gap: "skip" },
      retry: { attempts: 3 },
    },
    calendars: { holidays: ["2026-12-24", "2026-12-25"], school: { file: "school.ics" } },
    jobs: {
      report: {
        cron: ["0 2 * * *", "H H(1-5) L * 5#3"],
        timezone: "America/New_York",
        handler: "reports/nightly",
        data: { format: "${X}", n: 1, deep: { a: [1, { b: null }] } },
        catchUp: "latest",
        catchUpWindow: "1h30m",
        overlap: "queue",
        dst: { gap: "run", overlap: "both" },
        start: "2026-01-01T00:00:00Z",
        end: "2027-01-01T00:00:00+01:00",
        except: ["* * 25 12 *", "2026-12-24", "calendar:holidays", "2026-12-24T18:00:00Z"],
        jitter: "30s",
        retry: { attempts: 5, backoff: "fixed", delay: "10s" },
        timeout: "15m",
        maxRuns: 100,
      },
      backup: {
        every: "100ms",
        command: { argv: ["pg_dump", "x"], cwd: "/tmp", env: { A: "${X}" }, stdin: "y" },
      },
      hook: {
        at: ["2026-12-24T18:00:00Z"],
        http: {
          url: "https://example.com/${X}",
          method: "PUT",
          headers: { Authorization: "Bearer ${X}" },
          body: {},
          expect: [200],
        },
      },
    },
  },
};

const BOMBS: readonly ((size: number) => string)[] = [
  size => "[".repeat(20 * size),
  size => "{a: ".repeat(20 * size),
  size => `${"- ".repeat(20 * size)}x`,
  size => `jobs:\n${Array.from({ length: size }, (_, level) => `${" ".repeat(level + 1)}a:\n`).join("")}`,
  size =>
    `a: &a [${"x,".repeat(9)}x]\n${levels(size, n => `${n}: &l${n} [${`*${n === 0 ? "a" : `l${n - 1}`},`.repeat(9)}x]`)}`,
  size => `jobs: &a {b: *a}\n${"x: *a\n".repeat(size)}`,
  size => `a: &a {x: 1}\n${levels(size, n => `k${n}: {<<: [${"*a,".repeat(9)}*a]}`)}`,
  size => `jobs:\n${levels(20 * size, n => `  j${n}: {every: 1, handler: ../x, retyr: {}}`)}`,
  size => `jobs: {a: {handler: x, cron: "${"*,".repeat(20 * size)}*"}}`,
  size => `jobs: {a: {handler: x, every: 1m, except: [${'"* * 1 1 *",'.repeat(size)}"2026-12-24"]}}`,
  size => `? ${"[".repeat(size)}${"]".repeat(size)}\n: x`,
  size => `jobs: {${"a".repeat(1_000 * size)}: 1}`,
  size => `${"#\n".repeat(100 * size)}jobs: ${"${".repeat(100 * size)}`,
  size => `jobs: "${"${X}".repeat(100 * size)}"`,
];

function levels(count: number, line: (level: number) => string): string {
  return Array.from({ length: count }, (_, level) => line(level)).join("\n");
}

/** As the loader reads a file: what is not UTF-8 never gets further. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}

const examples = await Promise.all(
  ["bellwether", "jobs"].map(file => readFile(path.join(EXAMPLE, `${file}.yaml`), "utf8")),
);

export function textsOf(file: File): fc.Arbitrary<string> {
  const trees = mutatedTree(fc.constant(TREES[file]));
  return fc.oneof(
    { weight: 4, arbitrary: trees.map(tree => JSON.stringify(tree) ?? "") },
    { weight: 3, arbitrary: trees.map(tree => stringify(tree, { aliasDuplicateObjects: false }) ?? "") },
    { weight: 3, arbitrary: mutatedText(fc.constantFrom(...examples, stringify(TREES[file]))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map(decoded) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.constantFrom(...SNIPPETS, "jobs:", "  ", "cron: "), { maxLength: 40 })
        .map(parts => parts.join("")),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...BOMBS), fc.integer({ min: 1, max: 100 }))
        .map(([bomb, size]) => bomb(size)),
    },
  );
}

const SECRET = "hunter2hunter2";
const ENV = { X: SECRET, N: "7" };
/** The longest search for a tick begins where there are none. */
const MOMENTS = [-8.64e15, -1, 0, Date.UTC(2026, 2, 29), Date.UTC(2200, 0), Date.UTC(9999, 11)];

export const configTarget = fuzzTarget({
  name: "config",
  inputs: fc
    .constantFrom("bellwether", "jobs" as File)
    .chain(file => fc.record({ file: fc.constant(file), text: textsOf(file) })),
  check({ file, text }) {
    const read = readFileOf(file, text);
    for (const issue of read.issues) checkIssue(issue, text);
    if (read.issues.length === 0) checkJobs(read.jobs);
  },
});

function readFileOf(file: File, text: string): { issues: readonly ConfigIssue[]; jobs: readonly Job[] } {
  const absent = file === "jobs" ? {} : ABSENT_SETTINGS;
  const readSecret = () => ({ text: SECRET });
  const parsed = parseConfigDocument({ file, text, env: ENV, readSecret, absent });
  if (!parsed.ok) return { issues: parsed.issues, jobs: [] };
  const queues = { file: "bellwether.yaml", names: null, refusedHandlers: [] };
  if (file === "jobs") return readJobs([parsed.document], { calendars: new Map(), queues });
  const settings = readSettings(parsed.document);
  return { issues: settings.ok ? [] : settings.issues, jobs: [] };
}

/** A mistake has a place in the text, is on one line, steers no terminal and shows no secret. */
function checkIssue(issue: ConfigIssue, text: string): void {
  const shown = formatIssue(issue);
  const lines = text.split("\n").length;
  const { line, column, problem } = issue;
  if (line < 1 || line > lines || column < 1 || problem === "") throw new Error(`no place: ${shown}`);
  if (/\p{Cc}/u.test(shown)) throw new Error(`control characters: ${JSON.stringify(shown)}`);
  if (shown.length > 2_000) throw new Error(`${shown.length} characters: ${shown.slice(0, 300)}`);
  if (shown.includes(SECRET)) throw new Error(`the secret is shown: ${shown}`);
}

/** What is accepted can be hashed, planned, listed and explained. */
function checkJobs(jobs: readonly Job[]): void {
  deepFreeze(jobs);
  if (!/^[0-9a-f]{12}$/.test(hashJobs(jobs))) throw new Error("no hash");
  for (const job of jobs) {
    JSON.stringify(job.data);
    for (const fromMs of MOMENTS) {
      const tick = job.schedule.next(fromMs);
      job.schedule.previous(fromMs);
      job.schedule.count(fromMs, fromMs + 1_000_000, 1_000);
      if (tick !== null && !(tick.at > fromMs)) throw new Error(`next(${fromMs}) is ${tick.at}`);
      if (tick !== null) new Date(tick.at + job.schedule.jitterOf(tick.at)).toISOString();
    }
    listTicks([job], { fromMs: Date.UTC(2026, 0), untilMs: Number.POSITIVE_INFINITY, count: 5 });
    for (const words of [
      describeSchedule(job),
      describeChange(job, Date.UTC(2026, 0)),
      describeFailures(job),
    ]) {
      JSON.stringify(words);
    }
  }
}
