// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what the tests are about
import { describe, expect, it } from "vitest";
import { expandReferences, rereadScalar } from "../../../src/config/document/environment.ts";
import type { Secret } from "../../../src/config/document/secret-files.ts";
import { jobFile, load, loadValid, ONE_JOB, settingsFile } from "../../support/config.ts";

describe("expandReferences", () => {
  const env = { NAME: "value", EMPTY: "", OTHER: "${NAME}" };
  const held: Readonly<Record<string, Secret>> = {
    "/run/secrets/db": { text: "hunter2" },
    "/run/a b:c": { text: "${NAME}" },
    "/run/empty": { problem: "the file is empty", isMissing: true },
    "/run/binary": { problem: "it is binary: expected text", isMissing: false },
  };
  const readSecret = (file: string): Secret => {
    return held[file] ?? { problem: "there is no such file", isMissing: true };
  };
  const sources = { env, readSecret };

  it.each([
    ["${NAME}", "value"],
    ["redis://${NAME}:${PORT:-6379}/0", "redis://value:6379/0"],
    ["${MISSING:-default}", "default"],
    ["${EMPTY}", ""],
    ["${EMPTY:-default}", "default"],
    ["${MISSING:-}", ""],
    ["${MISSING:-a:-b}", "a:-b"],
    ["$${NAME}", "${NAME}"],
    ["$${", "${"],
    ["$NAME costs 5$", "$NAME costs 5$"],
    ["${OTHER}", "${NAME}"],
    ["${file:/run/secrets/db}", "hunter2"],
    ["redis://:${file:/run/secrets/db}@${NAME}/0", "redis://:hunter2@value/0"],
    ["${file:/run/secrets/db:-default}", "hunter2"],
    ["${file:/run/nothing:-default}", "default"],
    ["${file:/run/empty:-}", ""],
    ["${file:/run/a b:c}", "${NAME}"],
    ["${constructor:-default}", "default"],
    ["${file:-a variable of that name}", "a variable of that name"],
    ["$${file:/run/secrets/db}", "${file:/run/secrets/db}"],
  ])("reads %s as %s", (source, text) => {
    expect(expandReferences(source, sources)).toMatchObject({ text, problems: [] });
  });

  it.each([
    ["${MISSING}", "the environment variable MISSING is not set: set it, or write ${MISSING:-default}"],
    ["${toString}", "the environment variable toString is not set: set it, or write ${toString:-default}"],
    ["${NAME", malformed("${NAME")],
    ["${}", malformed("${}")],
    ["${A-B}", malformed("${A-B}")],
    ["${file:/run/a\u0000b}", malformed("${file:/run/a\u0000b}")],
    ["${A\nB}", malformed("${A B}")],
    [`\${${"A-".repeat(50_000)}}`, malformed(`\${${"A-".repeat(29)}…`)],
    [`\${file:/${"a".repeat(255)}}`, malformed(`\${file:/${"a".repeat(52)}…`)],
    [
      "${file:run/secrets/db}",
      "${file:run/secrets/db} has a relative path: expected an absolute one, like ${file:/run/secrets/name}",
    ],
    [
      "${file:/run/nothing}",
      "/run/nothing: there is no such file: mount it, or write ${file:/run/nothing:-default}",
    ],
    ["${file:/run/empty}", "/run/empty: the file is empty: mount it, or write ${file:/run/empty:-default}"],
    ["${file:/run/binary:-default}", "/run/binary: it is binary: expected text"],
  ])("refuses %s", (source, problem) => {
    expect(expandReferences(source, sources)).toMatchObject({ text: source, problems: [problem] });
  });
});

function malformed(written: string): string {
  return `\`${written}\` is not a reference: expected \${NAME}, \${NAME:-default} or \${file:/path} (a literal \${ is written $\${)`;
}

describe("rereadScalar", () => {
  it.each([
    ["8080", 8080],
    ["-1.5", -1.5],
    ["true", true],
    ["null", null],
    ["", ""],
    ["1.10", "1.10"],
    ["007", "007"],
    ["0x10", "0x10"],
    ["1e3", "1e3"],
    ["12345678901234567890", "12345678901234567890"],
    ["Infinity", "Infinity"],
    ["yes", "yes"],
  ])("reads %j as %j: never loses a digit", (text, value) => {
    expect(rereadScalar(text)).toBe(value);
  });
});

describe("references in the files", () => {
  it("become numbers, switches and durations where those are wanted, quoted or not", async () => {
    const files = {
      ...jobFile("every: ${SECONDS}s", "queue: ${QUEUE}", 'data: { n: "${N}", text: "n is ${N}" }'),
      "bellwether.yaml": 'http: { port: "${PORT}" }\nelection:\n  leaseTtl: ${TTL:-5s}\n',
    };
    const config = await loadValid(files, {
      SECONDS: "7",
      N: "3",
      PORT: "9090",
      QUEUE: "12",
    });
    expect(config).toMatchObject({
      http: { port: 9090 },
      election: { leaseTtlMs: 5_000 },
      jobs: [{ spec: { everyMs: 7_000 }, queue: "12", data: { n: 3, text: "n is 3" } }],
    });
  });

  it("become false where a section can be switched off", async () => {
    expect((await loadValid(settingsFile("http: ${HTTP}"), { HTTP: "false" })).http).toBe(false);
  });

  it("stay texts where texts are wanted, whatever they look like", async () => {
    const redis = '{ sentinel: { name: "${B}", nodes: ["10.0.0.1"] }, password: "${C}" }';
    const settings = `namespace: \${A}\nredis: ${redis}`;
    const config = await loadValid(settingsFile(settings), { A: "1", B: "true", C: "0012" });
    expect(config).toMatchObject({
      namespace: "1",
      redis: { name: "true", credentials: { password: "0012" } },
    });
  });

  it("can hold a cron expression", async () => {
    const { jobs } = await loadValid(jobFile("cron: ${CRON}"), { CRON: "*/5 * * * *" });
    expect(jobs[0]?.spec.cron).toEqual(["*/5 * * * *"]);
  });

  it("are not read in keys", async () => {
    const { lines } = await load({ "jobs.yaml": '"${NAME}": 1\njobs: { a: { every: 5s, handler: x } }' });
    expect(lines).toEqual([
      "config/jobs.yaml:1:1 ${NAME}: unknown key (expected one of allowEmpty, defaults, calendars, jobs)",
    ]);
  });

  it("give the generation and the address of Redis also without the keys", async () => {
    const env = { BELLWETHER_GENERATION: "7", REDIS_URL: "rediss://redis:6380" };
    expect(await loadValid({ "jobs.yaml": ONE_JOB }, env)).toMatchObject({
      generation: 7,
      redis: { kind: "url", url: "rediss://redis:6380" },
    });
  });

  it("name each variable that is missing, once, where it is used", async () => {
    const files = { ...jobFile("every: ${EVERY}"), "bellwether.yaml": "generation: ${GENERATION}\n" };
    expect((await load(files)).lines).toEqual([
      "config/bellwether.yaml:1:13 generation: the environment variable GENERATION is not set: set it, or write ${GENERATION:-default}",
      "config/jobs.yaml:4:12 jobs.a.every: the environment variable EVERY is not set: set it, or write ${EVERY:-default}",
    ]);
  });
});

describe("values from the environment", () => {
  const everywhere = {
    "bellwether.yaml": [
      "namespace: ${S} x",
      "redis: { url: 'http://${S}' }",
      "election: { leaseTtl: '${S}' }",
      "generation: ${S}",
      "http: { port: '${S}' }",
      "admin: { host: '${S}', tokens: '${S}' }",
      "log: { level: '${S}' }",
      "queues: { default: { concurrency: '${S}' } }",
    ].join("\n"),
    "jobs.yaml": [
      "defaults: { timezone: '${S}', dst: '${S}' }",
      "jobs:",
      "  a: { cron: '${S} x', except: ['${S}'], handler: '../${S}', queue: '${S}', data: '${S}' }",
      "  b: { cron: ['0 1 * * *', '${S}'], handler: x, retry: { attempts: '${S}', backoff: '${S}' } }",
      "  c: { at: ['${S}'], start: '${S}', handler: x, jitter: '${S}', catchUp: '${S}' }",
      "  d: '${S}'",
    ].join("\n"),
  };

  it.each(["hunter2", "424242", "hun ter2", "hunter2,42/3"])("are never printed: %s", async secret => {
    const { lines } = await load(everywhere, { S: secret });
    expect(lines.length).toBeGreaterThan(20);
    const parts = secret.split(/[ ,/]/).filter(part => part.length > 2);
    for (const line of lines) for (const part of parts) expect(line).not.toContain(part);
  });

  it("are not printed where one is all that a file holds", async () => {
    const { lines } = await load({ "jobs.yaml": "${S}", "bellwether.yaml": "'x ${S}'" }, { S: "hunter2" });
    const keys = await load(
      { "jobs.yaml": "? cron: ${S}", "bellwether.yaml": "? [a, '${S}']" },
      { S: "hunter2" },
    );
    expect(keys.lines.join("\n")).not.toContain("hunter2");
    expect(lines).toEqual([
      "config/bellwether.yaml:1:1 found `x ${S}` at the top of the file, expected a mapping (key: value)",
      "config/jobs.yaml:1:1 found `${S}` at the top of the file, expected a mapping (key: value)",
    ]);
  });

  it("are shown as they are written instead", async () => {
    const files = {
      ...jobFile('cron: ["0 1 * * *", "${CRON}"]'),
      "bellwether.yaml": "http: { port: '${PORT:-x}' }",
    };
    expect((await load(files, { CRON: "hunter2" })).lines).toEqual([
      "config/bellwether.yaml:1:15 http.port: found `${PORT:-x}`, expected a whole number, from 0 to 65535",
      "config/jobs.yaml:4:25 jobs.a.cron[1]: the value of `${CRON}` is not valid here",
    ]);
  });
});
