// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what some tests are about
import { describe, expect, it } from "vitest";
import { type ConfigFiles, load, loadValid } from "../../support/config.ts";

function jobWith(...lines: readonly string[]): ConfigFiles {
  return {
    "jobs.yaml": ["jobs:", "  a:", "    every: 5s", ...lines.map(line => `    ${line}`), ""].join("\n"),
  };
}

const COMMAND = { kind: "command", cwd: null, env: {}, stdin: null };
const HTTP = {
  kind: "http",
  url: "https://example.com/x",
  method: "POST",
  headers: {},
  body: undefined,
  expect: null,
};

describe("a job's handler", () => {
  it.each([
    ["a list is a program and its arguments", ['command: ["pg_dump", "--format=c", ""]'], COMMAND],
    [
      "a mapping says also where, with which environment and input",
      ['command: { argv: [make, report], cwd: /srv, env: { LANG: C }, stdin: "a\\nb" }'],
      { ...COMMAND, argv: ["make", "report"], cwd: "/srv", env: { LANG: "C" }, stdin: "a\nb" },
    ],
    ["an address is posted to", ["http: { url: https://example.com/x }"], HTTP],
    [
      "a request says also its method, headers, body and what is success",
      [
        "http: { url: https://example.com/x, method: PUT, headers: { X-Team: ops }, body: { a: 1 }, expect: 202 }",
      ],
      { ...HTTP, method: "PUT", headers: { "X-Team": "ops" }, body: { a: 1 }, expect: [202] },
    ],
    [
      "several statuses can be success",
      ["http: { url: https://example.com/x, expect: [200, 409] }"],
      { ...HTTP, expect: [200, 409] },
    ],
  ])("%s", async (_name, lines, handler) => {
    const { jobs } = await loadValid(jobWith(...lines));
    expect(jobs[0]?.handler).toMatchObject(handler);
  });

  it("keeps texts from the environment texts, in arguments and headers", async () => {
    const files = jobWith('command: ["sleep", "${SECONDS}"]');
    const { jobs } = await loadValid(files, { SECONDS: "10" });
    expect(jobs[0]?.handler).toMatchObject({ argv: ["sleep", "10"] });
    const calls = jobWith('http: { url: "https://e.com", headers: { Authorization: "${TOKEN}" } }');
    const { jobs: callers } = await loadValid(calls, { TOKEN: "12345" });
    expect(callers[0]?.handler).toMatchObject({ headers: { Authorization: "12345" } });
  });

  it.each([
    {
      name: "is missing",
      lines: ["queue: default"],
      mistakes: ["2:3 jobs.a: has no handler, expected exactly one of handler, command and http"],
    },
    {
      name: "is there twice",
      lines: ["handler: x", "command: [ls]"],
      mistakes: ["2:3 jobs.a: found handler and command, expected exactly one of handler, command and http"],
    },
    {
      name: "is a shell's line",
      lines: ["command: pg_dump --format=c"],
      mistakes: [
        '4:14 jobs.a.command: found `pg_dump --format=c`, expected a program and its arguments, like ["pg_dump", "--format=c"] (for a shell: ["sh", "-c", "…"])',
      ],
    },
    {
      name: "is an empty list",
      lines: ["command: []"],
      mistakes: [
        '4:14 jobs.a.command: found an empty list, expected a program and its arguments, like ["pg_dump", "--format=c"] (for a shell: ["sh", "-c", "…"])',
      ],
    },
    {
      name: "has no program",
      lines: ['command: ["", a]'],
      mistakes: ["4:14 jobs.a.command: found a list, expected a program first, not an empty text"],
    },
    {
      name: "has a number among its arguments",
      lines: ["command: [sleep, 10]"],
      mistakes: [
        "4:22 jobs.a.command[1]: found `10` (a number), expected a text (in quotes, if YAML takes it for a number)",
      ],
    },
    {
      name: "has an unknown key and a bad name in its environment",
      lines: ["command: { argv: [ls], env: { A-B: x }, dir: / }"],
      mistakes: [
        "4:35 jobs.a.command.env.A-B: found `A-B`, expected a name of letters, digits and _",
        "4:45 jobs.a.command.dir: unknown key (expected one of argv, cwd, env, stdin)",
      ],
    },
    {
      name: "calls no address",
      lines: ["http: { url: example.com }"],
      mistakes: [
        "4:18 jobs.a.http.url: found a text that is not shown, expected an address like https://example.com/hooks/nightly",
      ],
    },
    {
      name: "calls an address that holds a password",
      lines: ["http: { url: https://me:hunter2@example.com }"],
      mistakes: [
        "4:18 jobs.a.http.url: credentials do not belong into an address: put them into headers, as Authorization",
      ],
    },
    {
      name: "calls with a body where there can be none, an unknown method, and a header on two lines",
      lines: ['http: { url: https://e.com, method: FETCH, headers: { A: "x\\ny" }, expect: 2 }'],
      mistakes: [
        "4:41 jobs.a.http.method: found `FETCH`, expected POST, GET, PUT, PATCH or DELETE",
        "4:62 jobs.a.http.headers.A: found a text that is not shown, expected a text on one line",
        "4:80 jobs.a.http.expect: found `2` (a number), expected a whole number, from 100 to 599",
      ],
    },
    {
      name: "has a text where headers should be",
      lines: ['http: { url: https://e.com, headers: "Bearer hunter2" }'],
      mistakes: [
        "4:42 jobs.a.http.headers: found a text that is not shown, expected a mapping (Name: value)",
      ],
    },
    {
      name: "gets with a body",
      lines: ["http: { url: https://e.com, method: GET, body: x }"],
      mistakes: ["4:11 jobs.a.http: a GET request has no body: leave body out, or use another method"],
    },
  ])("is a mistake when it $name", async ({ lines, mistakes }) => {
    const loaded = await load(jobWith(...lines));
    expect(loaded.lines).toEqual(mistakes.map(issue => `config/jobs.yaml:${issue}`));
  });

  it("may not be of a kind that bellwether.yaml switches off", async () => {
    const jobs = [
      "jobs:",
      "  a: { every: 5s, command: [ls] }",
      "  b: { every: 5s, http: { url: https://e.com } }",
      "  c: { every: 5s, handler: x }",
      "",
    ].join("\n");
    const off = 'handlers: { command: false, http: "${ALLOW_HTTP:-true}" }\n';
    const { lines } = await load({ "jobs.yaml": jobs, "bellwether.yaml": off }, { ALLOW_HTTP: "false" });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^config\/jobs\.yaml:2:19 jobs\.a\.command: command handlers are switched off by handlers\.command of config\/bellwether\.yaml$/,
    );
    expect(lines[1]).toMatch(/^config\/jobs\.yaml:3:19 jobs\.b\.http: http handlers are switched off by/);
    const { result } = await load({ "jobs.yaml": jobs, "bellwether.yaml": "handlers: { http: true }\n" });
    expect(result.ok).toBe(true);
  });
});
