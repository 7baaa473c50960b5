/** Every snippet of README.md and docs/ is followed as it is, or named here with the reason why it is not. */
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { type DocBlock, docBlocks } from "../support/doc-blocks.ts";
import { calendar } from "../support/ics.ts";
import {
  BLOCKS,
  type Check,
  etcdUsers,
  failedCommand,
  guardedLine,
  HANDLER,
  helmLine,
  hookedLines,
  importedQueue,
  jobsFile,
  leastRights,
  listedCommands,
  namesOfTheChart,
  nightlyLooks,
  probes,
  redisConfProblems,
  savedUsers,
  scaffoldedDockerfile,
  schedule,
  session,
  settings,
} from "../support/snippet-checks.ts";
import { isSame } from "../support/snippet-desk.ts";
import { embeddedService } from "../support/snippet-embedded.ts";
import { askedReplica, devHandoff, firstProject } from "../support/snippet-first-hour.ts";
import { handoffLines, mergedLogs, readmeLog } from "../support/snippet-logs.ts";
import { cleaningUp, makeDesk } from "../support/snippet-scope.ts";
import { hasTheLines, refusedRedis, trouble } from "../support/snippet-troubles.ts";
import { AROUND, typeProblems } from "../support/snippet-types.ts";

/** What is not run, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "README.md: Bellwether": "a drawing",
  "README.md: Try it": "npm start is run by dev.test.ts; npm test is what runs this",
  "README.md: Install": "package.test.ts packs a checkout, and installs the file in such projects",
  "docs/architecture.md: The way of a tick": "a drawing",
  "docs/architecture.md: The life of a replica": "a drawing",
  "docs/architecture.md: Who leads": "a drawing",
  "docs/architecture.md: What a term does": "a drawing",
  "docs/architecture.md: Epochs": "a drawing",
  "docs/architecture.md: Overlap": "a drawing",
  "docs/architecture.md: Queues of other programs": "a drawing",
  "docs/architecture.md: Planning and catching up": "a drawing",
  "docs/deploying.md: The namespace": "needs a cluster",
  "docs/deploying.md: The namespace (2)": "values of the chart; chart.test.ts renders such a namespace",
  "docs/deploying.md: The image": "needs Docker; the image's tests build both images",
  "docs/getting-started.md: Install": "package.test.ts packs a checkout",
  "docs/getting-started.md: Three replicas": "the next block has its output",
  "docs/handlers.md: HTTP requests": "messages; http-handler.test.ts has them",
  "docs/locks.md: What only the fence does": "a drawing",
  "docs/migrating.md: Switching over without losing or doubling a tick": "the record of one switch",
  "docs/migrating.md: From Kubernetes CronJobs": "needs a cluster",
  "docs/operations.md: The logs of all replicas (2)": "needs a cluster; logs.test.ts follows such lines",
  "docs/security.md: What Bellwether does":
    "needs root; secrets.test.ts runs a replica under the permission model",
  "docs/security.md: Hostile input": "takes five minutes; fuzz.test.ts runs ten seconds of it",
  "docs/security.md: What it is made of": "installs everything anew; package.test.ts packs a checkout",
};

/** What each other block is checked by. */
const CHECKS: Readonly<Record<string, Check>> = {
  "README.md: Bellwether (2)": readmeLog,
  "README.md: A job": jobsFile({ "jobs/reports/nightly-report.ts": HANDLER }),
  "docs/contract.md: The command": listedCommands,
  "docs/configuration.md: `${NAME}` and `${file:/path}`": session({
    "config/bellwether.yaml":
      "http: false\nredis:\n  cluster: { nodes: [10.0.0.1] }\n  username: ops\n  password: ${file:/run/secrets/redis}\n",
    "config/jobs.yaml": "jobs:\n  beat:\n    every: ${BEAT}\n    handler: beat\n",
    "jobs/beat.ts": HANDLER,
  }),
  "docs/deploying.md: Your own image": scaffoldedDockerfile,
  "docs/deploying.md: On Kubernetes": helmLine,
  "docs/deploying.md: Redis": block => redisConfProblems(block.text),
  "docs/deploying.md: Redis (2)": block => redisConfProblems(block.text),
  "docs/embedding.md: An Express service": embeddedService,
  "docs/etcd.md: etcd as it is run": settings,
  "docs/etcd.md: A user with the least rights": etcdUsers,
  "docs/etcd.md: Looking at it": etcdUsers,
  "docs/events.md: A handoff": handoffLines,
  "docs/getting-started.md: Install (2)": firstProject,
  "docs/getting-started.md: Three replicas (2)": devHandoff,
  "docs/getting-started.md: Kill the leader": devHandoff,
  "docs/getting-started.md: A job of your own": jobsFile({ "jobs/reports/nightly.ts": HANDLER }),
  "docs/getting-started.md: A job of your own (3)": firstProject,
  "docs/getting-started.md: Ask it": askedReplica,
  "docs/handlers.md: Handlers": jobsFile({ "jobs/reports/nightly-report.ts": HANDLER }),
  "docs/handlers.md: Modules (3)": hookedLines,
  "docs/handlers.md: Commands": failedCommand,
  "docs/handlers.md: Commands (2)": session(
    {
      "config/jobs.yaml": 'jobs:\n  lost: { every: 1m, command: ["pg_dumpp"] }\n',
    },
    (told, actual) => isSame(told.replace(/ \(.*\)/, " (…)"), actual),
  ),
  "docs/handlers.md: Switching kinds off": settings,
  "docs/handlers.md: Switching kinds off (2)": session({
    "config/bellwether.yaml": "handlers: { command: false, http: false }\n",
    "config/jobs.yaml": 'jobs:\n  backup:\n    every: 1h\n    command: ["true"]\n',
  }),
  "docs/locks.md: A resource that checks the fence": async ({ text }) => {
    using database = new DatabaseSync(":memory:");
    database.exec(text);
    return [];
  },
  "docs/metrics.md: `/readyz`": probes,
  "docs/migrating.md: From a crontab": block =>
    session({ crontab: /^\$ cat crontab\n([^$]*(?:\$\([^$]*)*)^\$ /m.exec(block.text)?.[1] ?? "" })(block),
  "docs/migrating.md: From a crontab (2)": guardedLine,
  "docs/migrating.md: From BullMQ's job schedulers and repeatable jobs": importedQueue,
  "docs/operations.md: Three checks": nightlyLooks,
  "docs/operations.md: Three checks (2)": namesOfTheChart,
  "docs/operations.md: Three checks (3)": namesOfTheChart,
  "docs/operations.md: The logs of all replicas": mergedLogs,
  "docs/http-api.md: Operate over HTTP": settings,
  "docs/http-api.md: Who may do what": settings,
  "docs/queues.md: Set it up": settings,
  "docs/queues.md: Set it up (2)": block =>
    jobsFile({ "config/bellwether.yaml": "queues: { orders: { prefix: bull, consume: false } }\n" })(block),
  "docs/queues.md: BullMQ's options": jobsFile({ "jobs/invoices.ts": HANDLER }),
  "docs/queues.md: BullMQ's options (2)": settings,
  "docs/redis.md: One server": settings,
  "docs/redis.md: Sentinel": settings,
  "docs/redis.md: Cluster": settings,
  "docs/redis.md: TLS": settings,
  "docs/redis.md: What the histories take": settings,
  "docs/redis.md: A user with the least rights": leastRights,
  "docs/redis.md: A user with the least rights (2)": savedUsers,
  "docs/schedules.md: When the clocks change": schedule,
  "docs/schedules.md: When the clocks change (2)": schedule,
  "docs/schedules.md: When the clocks change (3)": schedule,
  "docs/schedules.md: When the clocks change (4)": schedule,
  "docs/schedules.md: Calendars": jobsFile({
    "config/holidays.ics": calendar("UID:1|DTSTART;VALUE=DATE:20261225|SUMMARY:Christmas Day"),
    "jobs/reports/nightly.ts": HANDLER,
  }),
  "docs/schedules.md: What cannot be meant": session({
    "config/jobs.yaml": `calendars: { de-holidays: [2026-12-25] }
defaults: { timezone: UTC }
jobs:
  a: { cron: "0 2 * * *", handler: beat, except: ["* * * * *"] }
  b: { cron: "0 2 1 1 *", handler: beat, start: 2026-02-01T00:00:00Z, end: 2026-03-01T00:00:00Z }
  c: { every: 1m, handler: beat, catchUp: none, catchUpWindow: 1h }
  d: { every: 1m, handler: beat, except: [calendar:de-holiday] }
`,
    "jobs/beat.ts": HANDLER,
  }),
  "docs/schedules.md: next": schedule,
  "docs/schedules.md: next (2)": schedule,
  "docs/schedules.md: next (3)": schedule,
  "docs/schedules.md: explain": schedule,
  "docs/troubleshooting.md: A tick did not run": trouble,
  "docs/troubleshooting.md: A tick ran late": trouble,
  "docs/troubleshooting.md: It ran twice": trouble,
  "docs/troubleshooting.md: There is no leader": trouble,
  "docs/troubleshooting.md: A run does not start": trouble,
  "docs/troubleshooting.md: A run fails": trouble,
  "docs/troubleshooting.md: The configuration is rejected": session({
    "config/jobs.yaml": `jobs:
  digest: { every: 2s, handler: digest, overlpa: skip }
  nightly: { cron: "0 2 * *", timezone: Europe/Berlin, handler: digest }
  report: { every: 4s, handler: reprot }
`,
    "jobs/digest.ts": HANDLER,
  }),
  "docs/troubleshooting.md: Redis is refused or away": refusedRedis,
  "docs/troubleshooting.md: A change is not in force": session(
    {
      "config/jobs.yaml":
        "jobs:\n  mails: { every: 5s, handler: h, queue: mails }\n  beat: { every: 5s, handler: h }\n",
      "jobs/h.ts": HANDLER,
    },
    hasTheLines,
  ),
  "docs/troubleshooting.md: The hour is wrong": session(
    {
      "config/jobs.yaml":
        'jobs:\n  nightly: { cron: "30 2 * * *", timezone: Europe/Berlin, handler: reports/nightly }\n',
      "jobs/reports/nightly.ts": HANDLER,
    },
    hasTheLines,
  ),
};

test("each snippet of the documentation is checked, or has a reason why not", () => {
  expect(unclassified(BLOCKS)).toEqual([]);
  const names = new Set(BLOCKS.map(({ name }) => name));
  const told = [...Object.keys(NOT_RUN), ...Object.keys(CHECKS), ...Object.keys(AROUND)];
  expect(told.filter(name => !names.has(name))).toEqual([]);
});

describe("the documentation says what happens", () => {
  const checked = BLOCKS.filter(({ name }) => name in CHECKS);
  test.concurrent.each(checked.map(block => ({ place: `${block.name} (line ${block.line})`, block })))(
    "$place",
    ({ block }) =>
      cleaningUp(async () => {
        expect(await CHECKS[block.name]?.(block)).toEqual([]);
      }),
  );

  test("its TypeScript compiles", () =>
    cleaningUp(async () => {
      expect(await typeProblems(BLOCKS.filter(({ name }) => name in AROUND))).toEqual([]);
    }));
});

describe("a wrong snippet is found", () => {
  const wrong = (text: string, language = ""): DocBlock => ({ name: "x.md: X", language, text, line: 1 });

  test("that nobody has classified", () => {
    expect(unclassified([wrong("ls\n", "sh")])).toEqual(["x.md: X (line 1)"]);
    const markdown = "# X\n\n```sh\nls\n```\n\nor\n\n    $ ls\n    a\n\n    b\n";
    expect(docBlocks("x.md", markdown)).toEqual([
      { name: "x.md: X", language: "sh", text: "ls\n", line: 4 },
      { name: "x.md: X (2)", language: "", text: "$ ls\na\n\nb\n", line: 9 },
    ]);
  });

  test("in redis.conf: a comment behind a value", () =>
    cleaningUp(async () => {
      expect(await redisConfProblems("appendonly yes   # for safety\n")).toHaveLength(1);
    }));

  test("in YAML: a key that does not exist", () =>
    cleaningUp(async () => {
      expect(await settings(wrong("redis: { adress: redis://a }\n"))).toHaveLength(1);
      expect(await jobsFile({})(wrong("jobs: { a: { every: 1m, handler: none } }\n"))).toHaveLength(1);
      expect(await probes(wrong("livenessProbe: { httpGet: { path: /livez, prt: 8080 } }\n"))).not.toEqual(
        [],
      );
    }));

  test("in a session: another output, a line too few, another exit code", () =>
    cleaningUp(async () => {
      const desk = await makeDesk({});
      expect(await desk.sessionProblems("$ printf 'a\\nb\\n'\na\nb\n$ false\n$ echo $?\n1\n")).toEqual([]);
      expect(await desk.sessionProblems("$ printf 'a\\nb\\nc\\n'\n…\nc\n")).toEqual([]);
      for (const session of ["$ echo a\nb\n", "$ printf 'a\\nb\\n'\na\n", "$ true\n$ echo $?\n1\n"]) {
        expect(await desk.sessionProblems(session)).toHaveLength(1);
      }
      expect(await desk.problems("true\nfalse | cat\ntrue\n")).toHaveLength(1);
    }));

  test("in TypeScript: an option that does not exist", () =>
    cleaningUp(async () => {
      const text = 'import { createLocks } from "bellwether";\ncreateLocks({ konfig: {} });\n';
      expect(await typeProblems([wrong(text, "ts")])).not.toEqual([]);
    }));
});

function unclassified(blocks: readonly DocBlock[]): string[] {
  const isKnown = ({ name }: DocBlock) => name in NOT_RUN || name in CHECKS || name in AROUND;
  return blocks.filter(block => !isKnown(block)).map(({ name, line }) => `${name} (line ${line})`);
}
