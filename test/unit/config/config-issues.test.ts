// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what the tests are about
import { describe, expect, it } from "vitest";
import { type ConfigFiles, jobFile, load, ONE_JOB, settingsFile } from "../../support/config.ts";

interface Row {
  readonly name: string;
  readonly files: ConfigFiles;
  readonly mistakes: readonly string[];
}

const DURATION = "expected a duration like 10s, 5m or 1h30m";
const CRON = 'expected a cron expression like "0 2 * * *"';
const INSTANT = "expected a time with its zone, like 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00";
const MODULE =
  "expected the path of a module below the jobs directory, like reports/nightly, or an export of a package, like @acme/reports#nightly";
const ONE_SCHEDULE = "expected exactly one of cron, every and at";
const ONE_HANDLER = "expected exactly one of handler, command and http";
const JOB_KEYS =
  "cron, every, at, timezone, queue, catchUp, catchUpWindow, catchUpLimit, overlap, dst, jitter, retry, priority, lifo, retention, timeout, start, end, except, maxRuns, handler, command, http, data";

function check(rows: readonly Row[]): void {
  it.each(rows)("$name", async ({ files, mistakes }) => {
    expect((await load(files)).lines).toEqual(mistakes);
  });
}

describe("a job", () => {
  check([
    {
      name: "names the nearest key for an unknown one, at every depth, all at once",
      files: jobFile('cron: "0 2 * * *"', "timezne: UTC", "retry: { attemps: 3 }", "foo: 1"),
      mistakes: [
        "config/jobs.yaml:5:5 jobs.a.timezne: unknown key (did you mean timezone?)",
        "config/jobs.yaml:6:14 jobs.a.retry.attemps: unknown key (did you mean attempts?)",
        `config/jobs.yaml:7:5 jobs.a.foo: unknown key (expected one of ${JOB_KEYS})`,
      ],
    },
    {
      name: "reports wrong types and values in plain words",
      files: jobFile(
        "every: 5s",
        "overlap: skipp",
        "catchUp: 3",
        "timezone: [UTC]",
        "retry: { attempts: 0 }",
      ),
      mistakes: [
        "config/jobs.yaml:5:14 jobs.a.overlap: found `skipp`, expected allow, skip or queue",
        "config/jobs.yaml:6:14 jobs.a.catchUp: found `3` (a number), expected none, latest or all",
        "config/jobs.yaml:7:15 jobs.a.timezone: found a list, expected a time zone like Europe/Berlin",
        "config/jobs.yaml:8:24 jobs.a.retry.attempts: found `0` (a number), expected a whole number, from 1 to 100",
      ],
    },
    {
      name: "shows no password of an address that is a key by mistake",
      files: {
        ...jobFile("every: 10s"),
        "bellwether.yaml": "redis: { redis://ops:hunter2@host:6379 }",
      },
      mistakes: [
        expect.stringMatching(/^config\/bellwether\.yaml:1:1 redis: found none of them/),
        expect.stringMatching(
          /^config\/bellwether\.yaml:1:10 redis\.redis:\/\/ops:\*\*\*@host:6379: unknown key/,
        ),
      ],
    },
    {
      name: "takes a large number for milliseconds or seconds",
      files: jobFile("every: 60000"),
      mistakes: [
        `config/jobs.yaml:4:12 jobs.a.every: found \`60000\` (a number), ${DURATION} (write 60000ms, or 60000s)`,
      ],
    },
    {
      name: "refuses durations without a unit and says how to write them",
      files: jobFile("every: 10", 'timeout: "15"', "jitter: 5 minutes", "catchUpWindow: -1h"),
      mistakes: [
        `config/jobs.yaml:4:12 jobs.a.every: found \`10\` (a number), ${DURATION} (write 10s)`,
        `config/jobs.yaml:5:14 jobs.a.timeout: found \`15\`, ${DURATION} (write 15s)`,
        `config/jobs.yaml:6:13 jobs.a.jitter: found \`5 minutes\`, ${DURATION}`,
        `config/jobs.yaml:7:20 jobs.a.catchUpWindow: found \`-1h\`, ${DURATION}`,
      ],
    },
    {
      name: "refuses an interval that is too short",
      files: jobFile("every: 50ms"),
      mistakes: ["config/jobs.yaml:4:12 jobs.a.every: found `50ms`, expected a duration from 100ms to 366d"],
    },
    {
      name: "refuses an interval that is too long, also for a number to hold",
      files: jobFile("every: 999999999999d", "jitter: 8d"),
      mistakes: [
        "config/jobs.yaml:4:12 jobs.a.every: found `999999999999d`, expected a duration from 100ms to 366d: it is too long",
        "config/jobs.yaml:5:13 jobs.a.jitter: found `8d`, expected a duration from 0s to 7d: it is too long",
      ],
    },
    {
      name: "wants a schedule",
      files: jobFile("timeout: 3s"),
      mistakes: [`config/jobs.yaml:2:3 jobs.a: has no schedule, ${ONE_SCHEDULE}`],
    },
    {
      name: "wants one schedule only",
      files: jobFile('cron: "0 2 * * *"', "every: 10s"),
      mistakes: [`config/jobs.yaml:2:3 jobs.a: found cron and every, ${ONE_SCHEDULE}`],
    },
    {
      name: "wants a handler",
      files: { "jobs.yaml": "jobs:\n  a:\n    every: 5s\n" },
      mistakes: [`config/jobs.yaml:2:3 jobs.a: has no handler, ${ONE_HANDLER}`],
    },
    {
      name: "keeps handlers inside the jobs directory",
      files: {
        "jobs.yaml": [
          "jobs:",
          "  a: { every: 5s, handler: /etc/passwd }",
          "  b: { every: 5s, handler: a/../../b }",
          '  c: { every: 5s, handler: "a\\\\b" }',
          "  d: { every: 5s, handler: file:///x }",
          "  e: { every: 5s, handler: .. }",
        ].join("\n"),
      },
      mistakes: [
        `config/jobs.yaml:2:28 jobs.a.handler: found \`/etc/passwd\`, ${MODULE}`,
        `config/jobs.yaml:3:28 jobs.b.handler: found \`a/../../b\`, ${MODULE}`,
        `config/jobs.yaml:4:28 jobs.c.handler: found \`a\\b\`, ${MODULE}`,
        `config/jobs.yaml:5:28 jobs.d.handler: found \`file:///x\`, ${MODULE}`,
        `config/jobs.yaml:6:28 jobs.e.handler: found \`..\`, ${MODULE}`,
      ],
    },
    {
      name: "keeps _tick in data for Bellwether",
      files: jobFile("every: 5s", "data: { _tick: 1 }"),
      mistakes: [
        "config/jobs.yaml:5:13 jobs.a.data._tick: is where Bellwether writes the tick: expected another name",
      ],
    },
    {
      name: "refuses numbers that JSON would change on the way to the handler",
      files: jobFile("every: 5s", "data: { a: .inf, b: 12345678901234567890 }"),
      mistakes: [
        "config/jobs.yaml:5:16 jobs.a.data.a: found `.inf`, expected a finite number",
        "config/jobs.yaml:5:25 jobs.a.data.b: `12345678901234567890` is too large to stay exact as a number: put quotes around it",
      ],
    },
    {
      name: "has a name that fits into keys and run ids",
      files: { "jobs.yaml": "jobs:\n  a:b: { every: 5s, handler: x }\n  c d: { every: 5s, handler: x }\n" },
      mistakes: [
        "config/jobs.yaml:2:3 jobs.a:b: found `a:b`, expected a job name of letters, digits, _ . and -, at most 100 characters",
        "config/jobs.yaml:3:3 jobs.c d: found `c d`, expected a job name of letters, digits, _ . and -, at most 100 characters",
      ],
    },
    {
      name: "is a mapping",
      files: { "jobs.yaml": "jobs:\n  a: hello\n  b:\n  c: [1]\n" },
      mistakes: [
        "config/jobs.yaml:2:6 jobs.a: found `hello`, expected a mapping with a schedule and a handler",
        "config/jobs.yaml:3:3 jobs.b: found nothing, expected a mapping with a schedule and a handler",
        "config/jobs.yaml:4:6 jobs.c: found a list, expected a mapping with a schedule and a handler",
      ],
    },
    {
      name: "cannot reach into prototypes",
      files: { "jobs.yaml": "jobs:\n  __proto__: { every: 5s, handler: x }\n" },
      mistakes: ["config/jobs.yaml:2:3 jobs.__proto__: is not allowed as a key"],
    },
  ]);
});

describe("a schedule", () => {
  check([
    {
      name: "shows a bad expression in its place in the list, beside other mistakes of the job",
      files: jobFile('cron: ["0 2 * * *", "61 * * * *"]', "timezone: Mars/Base", "foo: 1"),
      mistakes: [
        'config/jobs.yaml:4:25 jobs.a.cron[1]: "61 * * * *": minute "61": 61 is outside 0-59',
        'config/jobs.yaml:5:15 jobs.a.timezone: "Mars/Base" is not a time zone: expected an IANA name such as Europe/Berlin or UTC',
        `config/jobs.yaml:6:5 jobs.a.foo: unknown key (expected one of ${JOB_KEYS})`,
      ],
    },
    {
      name: "never fires",
      files: jobFile('cron: "0 0 31 2 *"'),
      mistakes: [
        'config/jobs.yaml:4:11 jobs.a.cron: "0 0 31 2 *" never fires: none of its months has such a day',
      ],
    },
    {
      name: "is not a cron expression at all",
      files: {
        "jobs.yaml":
          "jobs:\n  a: { cron: [], handler: x }\n  b: { cron: 5, handler: x }\n  c:\n    cron:\n    handler: x\n",
      },
      mistakes: [
        `config/jobs.yaml:2:14 jobs.a.cron: found an empty list, ${CRON}, or a list of them`,
        `config/jobs.yaml:3:14 jobs.b.cron: found \`5\` (a number), ${CRON}, or a list of them`,
        `config/jobs.yaml:5:5 jobs.c.cron: found nothing, ${CRON}, or a list of them`,
      ],
    },
    {
      name: "wants times with a zone that are in the calendar",
      files: jobFile("at: [2026-12-24T18:00:00Z, 2026-12-24]", "start: 2026-02-30T00:00:00Z", "end: 2026"),
      mistakes: [
        `config/jobs.yaml:4:32 jobs.a.at[1]: found \`2026-12-24\`, ${INSTANT}`,
        `config/jobs.yaml:5:12 jobs.a.start: found \`2026-02-30T00:00:00Z\`, ${INSTANT}`,
        `config/jobs.yaml:6:10 jobs.a.end: found \`2026\` (a number), ${INSTANT}`,
      ],
    },
    {
      name: "ends before it starts",
      files: jobFile("every: 5s", "start: 2027-01-01T00:00:00Z", "end: 2026-01-01T00:00:00Z"),
      mistakes: ["config/jobs.yaml:6:10 jobs.a.end: the end is before the start: there is no tick"],
    },
    {
      name: "shows a bad exception in its place",
      files: jobFile("every: 5s", 'except: ["* * 25 12 *", 2026-13-01]'),
      mistakes: ['config/jobs.yaml:5:29 jobs.a.except[1]: "2026-13-01" is not a date of the calendar'],
    },
  ]);
});

describe("the defaults of a file", () => {
  check([
    {
      name: "show their own mistakes once, however many jobs inherit them",
      files: {
        "jobs.yaml": [
          "defaults: { timezone: Mars, queue: 'a b', cron: x }",
          "jobs:",
          '  a: { cron: "0 1 * * *", handler: x }',
          '  b: { cron: "0 1 * * *", handler: x }',
        ].join("\n"),
      },
      mistakes: [
        'config/jobs.yaml:1:23 defaults.timezone: "Mars" is not a time zone: expected an IANA name such as Europe/Berlin or UTC',
        "config/jobs.yaml:1:36 defaults.queue: found `a b`, expected a queue name of letters, digits, _ . and -, at most 100 characters",
        "config/jobs.yaml:1:43 defaults.cron: unknown key (expected one of timezone, queue, catchUp, catchUpWindow, catchUpLimit, overlap, dst, jitter, retry, priority, lifo, retention, timeout)",
      ],
    },
  ]);
});

describe("the settings", () => {
  check([
    {
      name: "want nodes of a cluster",
      files: settingsFile("redis: { cluster: { nodes: [] } }"),
      mistakes: [
        "config/bellwether.yaml:1:28 redis.cluster.nodes: found an empty list, expected a list of host:port",
      ],
    },
    {
      name: "want user and password of a url within it, and rediss:// for TLS",
      files: settingsFile(
        "redis:",
        "  url: redis://127.0.0.1:6379",
        "  username: u",
        "  password: p",
        "  tls: { cert: c.pem }",
      ),
      mistakes: [
        "config/bellwether.yaml:3:3 redis.username: stands beside url, expected it within the address: redis://user:password@host",
        "config/bellwether.yaml:4:3 redis.password: stands beside url, expected it within the address: redis://user:password@host",
        "config/bellwether.yaml:5:3 redis.tls: found TLS settings, expected rediss:// in redis.url",
        "config/bellwether.yaml:5:10 redis.tls.cert: stands alone, expected also key",
      ],
    },
    {
      name: "want a password for each user of Redis",
      files: settingsFile("redis: { username: u, sentinel: { name: m, nodes: ['a:1'], username: s } }"),
      mistakes: [
        "config/bellwether.yaml:1:10 redis.username: stands alone, expected also password",
        "config/bellwether.yaml:1:60 redis.sentinel.username: stands alone, expected also password",
      ],
    },
    {
      name: "want hosts for an election on etcd",
      files: settingsFile("election: { store: etcd }"),
      mistakes: [
        "config/bellwether.yaml:1:20 election.store: found etcd, expected also election.etcd.hosts, like [http://127.0.0.1:2379]",
      ],
    },
    {
      name: "refuse what is no host of etcd",
      files: settingsFile(
        "election: { store: etcd, etcd: { hosts: [127.0.0.1:2379, 'http://e', 'http://e:99999', 'http://root:hunter2@e:1', 'http://e:1/v3'] } }",
      ),
      mistakes: [
        "config/bellwether.yaml:1:42 election.etcd.hosts[0]: found `127.0.0.1:2379`, expected an address like http://127.0.0.1:2379",
        "config/bellwether.yaml:1:58 election.etcd.hosts[1]: found `http://e`, expected an address like http://127.0.0.1:2379",
        "config/bellwether.yaml:1:70 election.etcd.hosts[2]: found `http://e:99999`, expected an address like http://127.0.0.1:2379",
        "config/bellwether.yaml:1:88 election.etcd.hosts[3]: found `http://…@e:1`, expected an address like http://127.0.0.1:2379",
        "config/bellwether.yaml:1:115 election.etcd.hosts[4]: found `http://e:1/v3`, expected an address like http://127.0.0.1:2379",
      ],
    },
    {
      name: "want hosts of etcd of one kind",
      files: settingsFile("election: { store: etcd, etcd: { hosts: ['http://e:1', 'https://e:2'] } }"),
      mistakes: [
        "config/bellwether.yaml:1:41 election.etcd.hosts: found both http:// and https://, expected all hosts to be the same",
      ],
    },
    {
      name: "refuse certificates for etcd that nothing would use",
      files: settingsFile("election: { store: etcd, etcd: { hosts: ['http://e:1'], tls: { ca: ca.pem } } }"),
      mistakes: [
        "config/bellwether.yaml:1:57 election.etcd.tls: found certificates, expected https:// in election.etcd.hosts",
      ],
    },
    {
      name: "want both halves of what etcd asks for",
      files: settingsFile(
        "election: { store: etcd, etcd: { hosts: ['https://e:1'], tls: { cert: c.pem }, username: u } }",
      ),
      mistakes: [
        "config/bellwether.yaml:1:65 election.etcd.tls.cert: stands alone, expected also key",
        "config/bellwether.yaml:1:80 election.etcd.username: stands alone, expected also password",
      ],
    },
    {
      name: "want one address of Redis",
      files: settingsFile("redis: {}"),
      mistakes: [
        "config/bellwether.yaml:1:1 redis: found none of them, expected exactly one of url, sentinel and cluster",
      ],
    },
    {
      name: "never show what an address of Redis holds",
      files: settingsFile("redis: { url: http://user:hunter2@x, sentinel: { name: m, nodes: [a:b, 7] } }"),
      mistakes: [
        "config/bellwether.yaml:1:1 redis: found url and sentinel, expected exactly one of url, sentinel and cluster",
        "config/bellwether.yaml:1:15 redis.url: found a text that is not shown, expected an address like redis://127.0.0.1:6379",
        "config/bellwether.yaml:1:67 redis.sentinel.nodes[0]: found `a:b`, expected host:port, like 10.0.0.1:26379",
        "config/bellwether.yaml:1:72 redis.sentinel.nodes[1]: found `7` (a number), expected host:port, like 10.0.0.1:26379",
      ],
    },
    {
      name: "check ranges and names",
      files: settingsFile(
        "namespace: a b",
        "generation: -1",
        "election: { leaseTtl: 500ms }",
        'queues: { tick: {}, default: {}, "a:b": {}, c: { concurrency: 0 } }',
        "http: true",
        "log: { level: trace }",
        "shutdownTimeout: 30",
      ),
      mistakes: [
        "config/bellwether.yaml:1:12 namespace: found `a b`, expected a name of letters, digits, _ . and -, at most 100 characters",
        "config/bellwether.yaml:2:13 generation: found `-1` (a number), expected a whole number, 0 or more",
        "config/bellwether.yaml:3:23 election.leaseTtl: found `500ms`, expected a duration from 1s to 5m",
        "config/bellwether.yaml:4:34 queues.a:b: found `a:b`, expected a queue name of letters, digits, _ . and -, at most 100 characters",
        "config/bellwether.yaml:4:63 queues.c.concurrency: found `0` (a number), expected a whole number, from 1 to 10000",
        "config/bellwether.yaml:5:7 http: found `true` (a boolean), expected a mapping (key: value), or false",
        "config/bellwether.yaml:6:15 log.level: found `trace`, expected debug, info, warn or error",
        `config/bellwether.yaml:7:18 shutdownTimeout: found \`30\` (a number), ${DURATION} (write 30s)`,
      ],
    },
    {
      name: "limit replicas where they work a queue off, and keep what finished where the queue is theirs",
      files: {
        ...settingsFile(
          "queues: { a: { prefix: bull, consume: false, concurrency: 3, limiter: { max: 0, duration: 1s } }, b: { limiter: { max: 1 }, globalConcurrency: -1 } }",
        ),
        "jobs.yaml":
          "jobs:\n  a: { every: 5s, queue: a, retention: { failed: { count: 1 } } }\n  b: { every: 5s, queue: b, handler: x, priority: -1, lifo: 1, retry: { jitter: 2 }, retention: { completed: { age: 1ms } } }\n",
      },
      mistakes: [
        "config/bellwether.yaml:1:46 queues.a.concurrency: has no effect beside consume: false, expected no such key: other programs work the queue off",
        "config/bellwether.yaml:1:62 queues.a.limiter: has no effect beside consume: false, expected no such key: other programs work the queue off",
        "config/bellwether.yaml:1:78 queues.a.limiter.max: found `0` (a number), expected a whole number, from 1 to 1000000",
        "config/bellwether.yaml:1:104 queues.b.limiter.duration: is missing, expected a duration like 10s, 5m or 1h30m",
        "config/bellwether.yaml:1:144 queues.b.globalConcurrency: found `-1` (a number), expected a whole number, from 0 to 100000",
        "config/jobs.yaml:2:29 jobs.a.retention: the queue `a` is another program's, whose finished jobs BullMQ would remove by it: expected no retention, or another queue",
        "config/jobs.yaml:3:51 jobs.b.priority: found `-1` (a number), expected a whole number, from 0 to 2097151",
        "config/jobs.yaml:3:61 jobs.b.lifo: found `1` (a number), expected true or false",
        "config/jobs.yaml:3:81 jobs.b.retry.jitter: found `2` (a number), expected a number from 0 to 1",
        "config/jobs.yaml:3:117 jobs.b.retention.completed.age: found `1ms`, expected a duration from 1s to 366d",
      ],
    },
    {
      name: "leave a queue of another program to its workers",
      files: {
        ...settingsFile(
          "namespace: acme",
          "redis: { cluster: { nodes: [a] } }",
          "queues: { a: { prefix: bull, consume: false }, b: { prefix: '{shop}' }, c: { prefix: 'x:' }, d: { prefix: 'x{acme}', consume: false }, e: { prefix: '{}{acme}', consume: false } }",
        ),
        "jobs.yaml":
          "jobs:\n  a: { every: 5s, queue: a, handler: x }\n  d: { every: 5s, queue: d }\n  b: { every: 5s, queue: b }\n",
      },
      mistakes: [
        "config/bellwether.yaml:3:24 queues.a.prefix: found `bull`, expected the hash tag {acme} in it: on Redis Cluster a launch and its queue have to be in one hash slot, so the namespace is the hash tag of the queue",
        "config/bellwether.yaml:3:53 queues.b.prefix: found a prefix alone, expected also consume: false: a replica that works a queue off takes every job in it",
        "config/bellwether.yaml:3:61 queues.b.prefix: found `{shop}`, expected the hash tag {acme} in it, or namespace: shop: on Redis Cluster a launch and its queue have to be in one hash slot, so the namespace is the hash tag of the queue",
        "config/bellwether.yaml:3:78 queues.c.prefix: found a prefix alone, expected also consume: false: a replica that works a queue off takes every job in it",
        "config/bellwether.yaml:3:86 queues.c.prefix: found `x:`, expected a prefix of letters, digits, _ . : { } and -, at most 100 characters",
        "config/bellwether.yaml:3:86 queues.c.prefix: found `x:`, expected the hash tag {acme} in it: on Redis Cluster a launch and its queue have to be in one hash slot, so the namespace is the hash tag of the queue",
        "config/bellwether.yaml:3:149 queues.e.prefix: found `{}{acme}`, expected the hash tag {acme} in it: on Redis Cluster a launch and its queue have to be in one hash slot, so the namespace is the hash tag of the queue",
        "config/jobs.yaml:2:29 jobs.a.handler: the queue `a` has consume: false, so other programs work its runs off and no replica would call the handler: expected no handler, or another queue",
        "config/jobs.yaml:4:3 jobs.b: has no handler, expected exactly one of handler, command and http",
      ],
    },
    {
      name: "want tokens when the admin API can be reached from outside",
      files: settingsFile("admin: { host: 0.0.0.0 }"),
      mistakes: [
        "config/bellwether.yaml:1:16 admin.host: found `0.0.0.0`, expected 127.0.0.1, or who may use it: admin.tokens, admin.tokenFile or admin.proxy",
      ],
    },
    {
      name: "want tokens that are different and not empty, and do not show them",
      files: settingsFile(
        "admin:",
        "  tokens:",
        "    - { name: a, role: owner, token: '' }",
        "    - { name: a, role: viewer, token: 1234 }",
        "    - { name: b, role: viewer, token: hunter2 }",
        "    - { name: c, role: viewer, token: hunter2 }",
      ),
      mistakes: [
        "config/bellwether.yaml:3:24 admin.tokens[0].role: found `owner`, expected viewer, operator or admin",
        "config/bellwether.yaml:3:38 admin.tokens[0].token: found an empty text, expected the secret itself, not empty",
        "config/bellwether.yaml:4:15 admin.tokens[1].name: is the same as in admin.tokens[0]",
        "config/bellwether.yaml:4:39 admin.tokens[1].token: found a number that is not shown, expected the secret itself, not empty (put quotes around it)",
        "config/bellwether.yaml:6:39 admin.tokens[3].token: is the same as in admin.tokens[2]",
      ],
    },
    {
      name: "want ranges of addresses, roles and a path that can be one",
      files: settingsFile(
        "admin:",
        "  basePath: /a/../b",
        "  proxy:",
        "    from: [10.0.0.0/33, proxy.example]",
        "    roles: { ops: root }",
      ),
      mistakes: [
        "config/bellwether.yaml:2:13 admin.basePath: found `/a/../b`, expected a path like / or /bellwether",
        "config/bellwether.yaml:4:12 admin.proxy.from[0]: found `10.0.0.0/33`, expected an address or a range of addresses, like 10.1.2.3 or 10.0.0.0/8",
        "config/bellwether.yaml:4:25 admin.proxy.from[1]: found `proxy.example`, expected an address or a range of addresses, like 10.1.2.3 or 10.0.0.0/8",
        "config/bellwether.yaml:5:19 admin.proxy.roles.ops: found `root`, expected viewer, operator or admin",
      ],
    },
    {
      name: "keep http and admin on different ports",
      files: settingsFile("admin: { port: 8080 }"),
      mistakes: [
        "config/bellwether.yaml:1:16 admin.port: found `8080` (a number), expected different ports for http and admin",
      ],
    },
    {
      name: "know a key that belongs in the other file",
      files: settingsFile("jobs: {}"),
      mistakes: ["config/bellwether.yaml:1:1 jobs: unknown key (it belongs in jobs.yaml)"],
    },
    {
      name: "name the queues to choose from when a job uses another one",
      files: {
        "bellwether.yaml": "queues: { metrics: {}, imports: {} }\n",
        "jobs.yaml": [
          "jobs:",
          "  a: { every: 5s, handler: x, queue: metrisc }",
          "  b: { every: 5s, handler: x }",
        ].join("\n"),
      },
      mistakes: [
        "config/jobs.yaml:2:38 jobs.a.queue: the queue `metrisc` is not in queues of config/bellwether.yaml (did you mean metrics?)",
        "config/jobs.yaml:3:3 jobs.b: the queue `default` is not in queues of config/bellwether.yaml (expected one of metrics, imports)",
      ],
    },
  ]);
});

describe("YAML", () => {
  check([
    {
      name: "asks for quotes around expressions that begin with a star, on every line",
      files: jobFile("cron:", "  - */5 1,2 * * *", "except: [* * 25 12 *, 2026-12-24]"),
      mistakes: [
        'config/jobs.yaml:5:9 in YAML a value that begins with * is an alias: put quotes around it, "*/5 1,2 * * *"',
        'config/jobs.yaml:6:14 in YAML a value that begins with * is an alias: put quotes around it, "* * 25 12 *"',
      ],
    },
    {
      name: "asks for quotes around @daily",
      files: jobFile("cron: @daily"),
      mistakes: ['config/jobs.yaml:4:11 a YAML value cannot begin with @: put quotes around it, "@daily"'],
    },
    {
      name: "asks for quotes around references in flow style",
      files: settingsFile(
        'admin: { tokens: [{ name: "${A}", role: viewer, token: ${TOKEN} }] }',
        "http: {",
        "  port: ${PORT:-8080} }",
      ),
      mistakes: [
        'config/bellwether.yaml:1:56 inside [ ] and { } a reference needs quotes: "${TOKEN}"',
        'config/bellwether.yaml:3:9 inside [ ] and { } a reference needs quotes: "${PORT:-8080}"',
      ],
    },
    {
      name: "refuses tabs",
      files: { "jobs.yaml": "jobs:\n\ta: 1\n" },
      mistakes: ["config/jobs.yaml:2:1 a tab is not allowed as indentation: use spaces"],
    },
    {
      name: "finds a quote that is cut off",
      files: { "jobs.yaml": 'jobs:\n  a:\n    cron: "0 2 * ' },
      mistakes: ["config/jobs.yaml:3:17 a quote is opened but never closed"],
    },
    {
      name: "finds a bracket that is cut off",
      files: { "jobs.yaml": "jobs:\n  a:\n    data: { a: 1," },
      mistakes: ["config/jobs.yaml:3:18 a bracket is opened but never closed: expected }"],
    },
    {
      name: "finds a key that is cut off",
      files: { "jobs.yaml": "jobs:\n  a:\n    cro" },
      mistakes: [
        "config/jobs.yaml:3:5 jobs.a: found `cro`, expected a mapping with a schedule and a handler",
      ],
    },
    {
      name: "finds a value that is cut off",
      files: { "jobs.yaml": "jobs:\n" },
      mistakes: ["config/jobs.yaml:1:1 jobs: found nothing, expected a mapping of job names"],
    },
    {
      name: "finds wrong indentation",
      files: { "jobs.yaml": "jobs:\n  a:\n    every: 5s\n   handler: x\n" },
      mistakes: [
        "config/jobs.yaml:4:4 the indentation does not fit: expected the same column as the keys beside it",
      ],
    },
    {
      name: "refuses keys that stand twice",
      files: {
        "jobs.yaml": "jobs:\n  a: { every: 5s, handler: x }\n  a: { every: 5s, handler: x, every: 3s }\n",
      },
      mistakes: [
        "config/jobs.yaml:3:3 jobs.a: stands twice (the first is in line 2)",
        "config/jobs.yaml:3:31 jobs.a.every: stands twice (the first is in line 3)",
      ],
    },
    {
      name: "refuses keys that are no texts",
      files: jobFile("every: 5s", "data: { [x]: 1 }"),
      mistakes: ["config/jobs.yaml:5:13 jobs.a.data: a key must be a plain text"],
    },
    {
      name: "refuses a second document",
      files: { "jobs.yaml": `${ONE_JOB}---\n${ONE_JOB}` },
      mistakes: [
        "config/jobs.yaml:5:1 a second document begins here (`---`): expected one document per file",
      ],
    },
    {
      name: "refuses tags",
      files: jobFile("every: 5s", "data: { a: !!js/function x }"),
      mistakes: ["config/jobs.yaml:5:16 tags like !name are not supported: expected plain YAML"],
    },
    {
      name: "refuses the tags of YAML 1.1, which make a mapping something else",
      files: jobFile("every: 5s", "data: !!set { a }"),
      mistakes: ["config/jobs.yaml:5:11 tags like !name are not supported: expected plain YAML"],
    },
    {
      name: "refuses them for the whole file of settings",
      files: { "jobs.yaml": ONE_JOB, "bellwether.yaml": "!!set {}\n" },
      mistakes: ["config/bellwether.yaml:1:1 tags like !name are not supported: expected plain YAML"],
    },
    {
      name: "refuses an alias without an anchor",
      files: { "jobs.yaml": "jobs:\n  a: *nope\n" },
      mistakes: [
        'config/jobs.yaml:2:6 the alias *nope has no anchor &nope before it (as a text it needs quotes: "*nope")',
      ],
    },
    {
      name: "refuses an alias inside its own anchor",
      files: { "jobs.yaml": "jobs:\n  a: &a { every: 5s, handler: x, data: *a }\n" },
      mistakes: ["config/jobs.yaml:1:1 an alias (*name) contains itself"],
    },
    {
      name: "refuses an alias bomb",
      files: { "jobs.yaml": bomb() },
      mistakes: [
        "config/jobs.yaml:1:1 aliases (*name) are used too often: expected at most 1000 uses in a file; what jobs share can be in its defaults, and jobs in several files",
      ],
    },
    {
      name: "refuses a merge of something that is no mapping",
      files: { "jobs.yaml": "jobs:\n  a:\n    <<: 3\n    every: 5s\n" },
      mistakes: ["config/jobs.yaml:3:5 << takes mappings only, like <<: *name"],
    },
    {
      name: "refuses endless nesting",
      files: { "jobs.yaml": `a: ${"[".repeat(300)}${"]".repeat(300)}\n` },
      mistakes: ["config/jobs.yaml:1:1 it is nested too deeply: expected at most 100 levels"],
    },
    {
      name: "refuses nesting that the parser itself cannot follow",
      files: { "jobs.yaml": `${levels(5_000)}\nb: c: d` },
      mistakes: ["config/jobs.yaml:1:1 it is nested too deeply"],
    },
  ]);
});

/** Each key indented by one more blank. */
function levels(count: number): string {
  return Array.from({ length: count }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
}

/** Ten lists, each of ten times the one before. */
function bomb(): string {
  const names = "abcdefghij";
  const lines = [...names].map((name, index) => {
    const item = index === 0 ? "1" : `*${names[index - 1]}`;
    return `${name}: &${name} [${Array(10).fill(item).join(", ")}]\n`;
  });
  return lines.join("");
}
