// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what the tests are about
import { describe, expect, it } from "vitest";
import { jobFile, load, loadValid, ONE_JOB } from "../../support/config.ts";

/** The examples of the user's contract, with etcd hosts filled in. */
const BELLWETHER_EXAMPLE = `
# config/bellwether.yaml
namespace: bellwether            # all Redis keys and etcd keys sit under it
redis:
  url: \${REDIS_URL:-redis://127.0.0.1:6379}        # rediss:// for TLS; or instead of url:
  # sentinel: { name: mymaster, nodes: [10.0.0.1:26379, …] }     cluster: { nodes: [10.0.0.1:6379, …] }
election:
  store: redis                   # redis | etcd
  leaseTtl: 10s
  etcd: { hosts: [http://127.0.0.1:2379] }         # with store: etcd; also tls, username, password
generation: \${BELLWETHER_GENERATION:-0}            # grows with each release of the config
queues:
  default: { concurrency: 10 }
http:  { host: 0.0.0.0, port: 8080 }               # /livez /readyz /metrics
admin:                                             # API, dashboard, queues; off loopback only with tokens
  host: 127.0.0.1
  port: 8081
  tokens: [{ name: ops, role: operator, token: "\${ADMIN_TOKEN}" }]   # roles: viewer reads, operator acts
log:   { level: info }
`;
const JOBS_EXAMPLE = `
# config/jobs.yaml
defaults: { timezone: UTC, queue: default }
jobs:
  nightly-report:
    cron: "0 2 * * *"            # or every: 30s, or at: [2026-12-24T18:00:00Z]; cron may be a list
    timezone: Europe/Berlin
    handler: reports/nightly     # jobs/reports/nightly.ts   — or command: [...] — or http: {...}
    data: { format: pdf }
    catchUp: latest              # none | latest | all
    catchUpWindow: 1h
    overlap: skip                # allow | skip | queue
    dst: { gap: run, overlap: first }   # gap: run | skip; overlap: first | both
    start: 2026-01-01T00:00:00Z  # and end:
    except: ["* * 25 12 *"]      # cron expressions or dates whose ticks do not exist
    jitter: 30s                  # a fixed offset per tick, hashed from job and tick, the same on every replica
    retry: { attempts: 5, backoff: exponential, delay: 10s }
    timeout: 15m
`;

describe("loadConfig", () => {
  it("reads where etcd is", async () => {
    const etcd = "{ hosts: ['https://e1:2379/', 'https://[::1]:2379'], username: bw, password: p }";
    const { election } = await loadValid({
      "bellwether.yaml": `election: { store: etcd, etcd: ${etcd} }`,
      "jobs.yaml": ONE_JOB,
    });
    expect(election).toEqual({
      store: "etcd",
      leaseTtlMs: 10_000,
      etcd: {
        hosts: ["https://e1:2379", "https://[::1]:2379"],
        tls: {},
        credentials: { username: "bw", password: "p" },
      },
    });
  });

  it("reads the examples of the contract as they are written", async () => {
    const env = { ADMIN_TOKEN: "s3cret", BELLWETHER_GENERATION: "12" };
    const config = await loadValid({ "bellwether.yaml": BELLWETHER_EXAMPLE, "jobs.yaml": JOBS_EXAMPLE }, env);
    expect(config).toMatchObject({
      redis: { kind: "url", url: "redis://127.0.0.1:6379" },
      generation: 12,
    });
    const { schedule, ...job } = config.jobs[0] ?? expect.fail("the job is missing");
    expect(job).toEqual({
      name: "nightly-report",
      scheduleText: "0 2 * * *",
      spec: {
        cron: ["0 2 * * *"],
        timezone: "Europe/Berlin",
        dst: { gap: "run", overlap: "first" },
        startMs: Date.parse("2026-01-01T00:00:00Z"),
        except: ["* * 25 12 *"],
        jitterMs: 30_000,
        seed: "nightly-report",
      },
      handler: { kind: "module", path: "reports/nightly" },
      queue: "default",
      data: { format: "pdf" },
      catchUp: "latest",
      catchUpWindowMs: 3_600_000,
      catchUpLimit: 100,
      maxRuns: null,
      overlap: "skip",
      retry: { attempts: 5, backoff: "exponential", delayMs: 10_000, jitter: 0 },
      priority: 0,
      lifo: false,
      retention: {
        completed: { ageMs: 24 * 60 * 60_000, count: 10_000 },
        failed: { ageMs: 7 * 24 * 60 * 60_000, count: 10_000 },
      },
      timeoutMs: 900_000,
    });
    const afterEve = schedule.next(Date.parse("2026-12-24T12:00:00Z"));
    expect(afterEve?.at).toBe(Date.parse("2026-12-26T01:00:00Z"));
  });

  it("takes a job's own values, else those of the file's defaults, else Bellwether's, and retry key by key", async () => {
    const { jobs } = await loadValid({
      "jobs.yaml": [
        "defaults: { timezone: Asia/Tokyo, retry: { attempts: 3, delay: 1m }, dst: { gap: skip }, timeout: 1h }",
        "jobs:",
        "  a: { cron: '0 2 * * *', handler: x, retry: { attempts: 7 }, dst: { overlap: both }, timezone: UTC }",
        "  b: { every: 5s, handler: x }",
      ].join("\n"),
    });
    expect(jobs).toMatchObject([
      {
        spec: { timezone: "UTC", dst: { gap: "skip", overlap: "both" } },
        retry: { attempts: 7, backoff: "exponential", delayMs: 60_000 },
        timeoutMs: 3_600_000,
      },
      { spec: { timezone: "Asia/Tokyo", dst: { gap: "skip", overlap: "first" } }, retry: { attempts: 3 } },
    ]);
  });

  it("gives a job that says nothing the defaults of the contract", async () => {
    const { jobs } = await loadValid({ "jobs.yaml": ONE_JOB });
    expect(jobs[0]).toMatchObject({
      spec: { timezone: "UTC", dst: { gap: "run", overlap: "first" }, except: [], jitterMs: 0 },
      queue: "default",
      data: {},
      catchUp: "latest",
      catchUpWindowMs: 3_600_000,
      catchUpLimit: 100,
      maxRuns: null,
      overlap: "allow",
      retry: { attempts: 1, backoff: "exponential", delayMs: 10_000 },
      timeoutMs: null,
    });
  });

  it.each([
    ["a list of expressions", 'cron: ["0 2 * * *", "0 14 * * *"]', "0 2 * * *, 0 14 * * *"],
    ["an interval", "every: 90s", "every 1m30s"],
    ["an instant", "at: [2026-12-24T18:00:00Z]", "at 2026-12-24T18:00:00Z"],
    [
      "many instants, in order and once each",
      "at: [2026-12-05T00:00:00Z, 2026-12-04T00:00:00Z, 2026-12-03T00:00:00Z, 2026-12-02T00:00:00Z, 2026-12-02T01:00:00+01:00]",
      "at 2026-12-02T00:00:00Z, 2026-12-03T00:00:00Z, 2026-12-04T00:00:00Z and 1 more",
    ],
  ])("writes %s for people", async (_name, line, text) => {
    const { jobs } = await loadValid(jobFile(line));
    expect(jobs[0]?.scheduleText).toBe(text);
  });

  it.each([
    ["reports/nightly", "reports/nightly"],
    ["./reports/nightly.ts", "reports/nightly"],
    ["nightly.mjs", "nightly"],
    ["reports/v1.2/a.b", "reports/v1.2/a.b"],
    ["a..b/..c", "a..b/..c"],
  ])("reads the handler %s as the module %s", async (handler, module) => {
    const { jobs } = await loadValid({ "jobs.yaml": `jobs: { a: { every: 5s, handler: ${handler} } }` });
    expect(jobs[0]?.handler).toEqual({ kind: "module", path: module });
  });

  it("reads sentinels, with and without ports", async () => {
    const config = await loadValid({
      "jobs.yaml": ONE_JOB,
      "bellwether.yaml": 'redis: { sentinel: { name: m, nodes: [a:1, b, "[::1]:2"] } }',
    });
    expect(config.redis).toEqual({
      kind: "sentinel",
      name: "m",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 26_379 },
        { host: "::1", port: 2 },
      ],
    });
  });

  it.each([
    { http: "{ port: 0 }", read: { host: "0.0.0.0", port: 0 } },
    { http: "false", read: false },
  ])("takes a free port or switches the listener off: $http", async ({ http, read }) => {
    const settings = { "jobs.yaml": ONE_JOB, "bellwether.yaml": `http: ${http}\n` };
    expect((await loadValid(settings)).http).toEqual(read);
  });

  it("keeps queues that no job uses: they may still hold runs", async () => {
    const settings = "queues: { default: {}, old: { concurrency: 1 } }\n";
    const config = await loadValid({ "jobs.yaml": ONE_JOB, "bellwether.yaml": settings });
    expect(config.queues).toEqual({
      default: { concurrency: 10, consume: true },
      old: { concurrency: 1, consume: true },
    });
  });

  it("reads retention and retry key by key: the job's own, the file's defaults, Bellwether's", async () => {
    const { jobs } = await loadValid({
      "jobs.yaml": [
        "defaults: { retry: { jitter: 0.5 }, retention: { completed: { age: 1h, count: 5 }, failed: { count: 0 } } }",
        "jobs: { a: { every: 5s, handler: x, lifo: true, retention: { completed: { count: 7 } } } }\n",
      ].join("\n"),
    });
    expect(jobs[0]).toMatchObject({
      lifo: true,
      retry: { attempts: 1, jitter: 0.5 },
      retention: {
        completed: { ageMs: 3_600_000, count: 7 },
        failed: { ageMs: 7 * 24 * 3_600_000, count: 0 },
      },
    });
  });

  it("lets a file be empty of jobs when it says so", async () => {
    expect((await loadValid({ "jobs.yaml": "allowEmpty: true\njobs: {}\n" })).jobs).toEqual([]);
  });

  it("shares lines with anchors and merges, and shows mistakes where they stand", async () => {
    const shared = [
      "jobs:",
      "  a: &a { every: 5s, handler: x, timeout: 1m }",
      "  b: *a",
      "  c:",
      "    <<: *a",
    ];
    const { jobs } = await loadValid({ "jobs.yaml": [...shared, "    every: 7s"].join("\n") });
    expect(jobs).toMatchObject([
      { name: "a" },
      { name: "b" },
      { spec: { everyMs: 7_000 }, timeoutMs: 60_000 },
    ]);
    const { lines } = await load({ "jobs.yaml": shared.join("\n").replace("1m", "1") });
    expect(lines).toEqual(
      ["a", "b", "c"].map(
        name =>
          `config/jobs.yaml:2:43 jobs.${name}.timeout: found \`1\` (a number), expected a duration like 10s, 5m or 1h30m (write 1s)`,
      ),
    );
  });

  it("freezes everything that it gives", async () => {
    const config = await loadValid(jobFile("every: 5s", "data: { list: [{ deep: 1 }] }"));
    const unfrozen: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null || /\.(schedule|jobPlaces)$/.test(path)) return;
      if (!Object.isFrozen(value)) unfrozen.push(path);
      for (const [key, child] of Object.entries(value)) walk(child, `${path}.${key}`);
    };
    walk(config, "config");
    expect(unfrozen).toEqual([]);
  });
});

describe("the hash of a configuration", () => {
  const A = "a: { every: 5s, handler: x, data: { p: 1, q: { r: 2, s: 3 } } }";
  const B = 'b: { cron: "0 2 * * *", handler: y }';
  const hashOf = async (jobs: string, settings = "{}", env = {}) => {
    return (await loadValid({ "jobs.yaml": jobs, "bellwether.yaml": settings }, env)).hash;
  };

  it("is twelve hex digits", async () => {
    expect(await hashOf(`jobs:\n  ${A}`)).toMatch(/^[0-9a-f]{12}$/);
  });

  it("does not depend on the order of jobs and keys, on how values are written, or on where things are", async () => {
    const plain = await hashOf(`jobs:\n  ${A}\n  ${B}`);
    const other = "a: { data: { q: { s: 3, r: 2 }, p: 1 }, handler: ./x.ts, every: 5000ms, overlap: allow }";
    const settings = "namespace: other\nhttp: false\n";
    expect(await hashOf(`defaults: { timezone: UTC }\njobs:\n  ${B}\n  ${other}`, settings)).toBe(plain);
  });

  it.each([
    ["the schedule", A.replace("5s", "6s")],
    ["the data", A.replace("r: 2", "r: 4")],
    ["the name", A.replace("a:", "c:")],
    ["a policy", A.replace("handler", "overlap: skip, handler")],
  ])("changes with %s", async (_name, changed) => {
    expect(await hashOf(`jobs:\n  ${changed}`)).not.toBe(await hashOf(`jobs:\n  ${A}`));
  });

  it("changes with a value that the environment gives", async () => {
    const jobs = 'jobs:\n  a: { every: "${N}s", handler: x }';
    expect(await hashOf(jobs, "{}", { N: "5" })).not.toBe(await hashOf(jobs, "{}", { N: "6" }));
  });
});
