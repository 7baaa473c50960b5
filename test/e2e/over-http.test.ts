import { expect } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { TOKENS } from "../support/admin.ts";
import type { CommandResult } from "../support/command.ts";
import { test } from "../support/fixtures.ts";

const NEVER = '"2100-01-01T00:00:00Z"';
const ADMIN = `admin: { port: 0, tokens: [
  { name: vera, role: viewer, token: ${TOKENS.viewer} },
  { name: anna, role: admin, token: ${TOKENS.admin} }] }`;

/** Within this process: the test runs dozens of command lines. */
async function bellwether(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  const output = { stdout: "", stderr: "" };
  const code = await runProgram(args, {
    env,
    cwd,
    out: text => {
      output.stdout += text;
    },
    err: text => {
      output.stderr += text;
    },
  });
  return { code, ...output };
}

/** What differs between two acts: ids, times, and who did it. */
function withoutNames({ code, stdout, stderr }: CommandResult): CommandResult {
  const plain = (text: string) =>
    text
      .replaceAll(/manual-[0-9a-f]+/g, "manual-ID")
      .replaceAll(/backfill-[0-9a-f]+/g, "backfill-ID")
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "INSTANT")
      .replaceAll(/(by|which) \S+@\S+/g, "$1 WHO");
  return { code, stdout: plain(stdout), stderr: plain(stderr) };
}

test("commands print the same over the HTTP API as over Redis, and need no configuration", {
  timeout: 120_000,
}, async ({ deploy, makeFolder }) => {
  const deployment = await deploy({
    settings: [ADMIN],
    jobs: [
      `echo: { at: [${NEVER}], handler: echo, data: { a: 1 } }`,
      `fail: { at: [${NEVER}], handler: fail }`,
      "hourly: { every: 1h, handler: echo, timezone: Europe/Berlin }",
      'nightly: { cron: "30 2 * * *", handler: echo, timezone: Europe/Berlin, jitter: 1m, maxRuns: 9, except: ["* * 28 3 *"] }',
    ],
    handlers: { fail: 'throw new Error("no luck");' },
  });
  const replica = deployment.start();
  const url = String((await replica.when("replica.started"))["admin"]);
  await deployment.when("leader.elected");
  const cwd = await makeFolder();
  const overRedis = (...args: readonly string[]) =>
    bellwether([...args, "--config", deployment.project.configDir], { cwd });
  const overHttp = (...args: readonly string[]) =>
    bellwether([...args, "--url", url], { cwd, env: { BELLWETHER_TOKEN: TOKENS.admin } });
  /** Twice over Redis would not be the same either, where an act changes what the next one finds. */
  const compare = async (...args: readonly string[]) => {
    const [redis, http] = [await overRedis(...args), await overHttp(...args)];
    expect(withoutNames(http)).toEqual(withoutNames(redis));
    return http;
  };
  await compare("pause", "nothing");
  const range = ["--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T03:00:00Z"];
  await compare("backfill", "hourly", ...range, "--dry-run");
  await compare("backfill", "hourly", ...range, "--overlap", "allow");
  await compare("backfill", "hourly", ...range, "--limit", "1");
  await compare("backfill", "hourly", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z");
  await compare("trigger", "echo", "--data", '{"b":2}', "--wait");
  await compare("trigger", "fail", "--wait");
  await compare("trigger", "echo", "--data", "[]");
  await compare("history", "echo");
  await compare("history", "echo", "--json", "--limit", "1");
  await compare("audit", "--limit", "3");
  await compare("audit", "--json");
  await compare("skip-next", "echo", "--undo");

  expect(await overRedis("pause", "echo", "--reason", "a test")).toMatchObject({ code: 0 });
  await compare("pause", "echo");
  await compare("pause", "echo", "--json");
  await compare("forecast", "hourly", "--days", "1", "--from", "2026-03-29T00:00:00Z", "--json");
  await compare("next", "--from", "2026-03-28T22:00:00Z", "--until", "2026-03-29T02:00:00Z");
  await compare("next", "hourly", "--from", "2026-03-28T22:00:00Z", "--json");
  // More than one page.
  await compare("next", "--from", "2026-03-28T22:00:00Z", "--count", "1000", "--json");
  await compare("next", "nothing", "--count", "1");
  await compare("next", "--count", "5", "--from", "2026-03-28T22:00:00Z", "--until", "2026-03-28T21:00:00Z");
  await compare("status");
  await compare("status", "--json");
  expect((await overHttp("resume", "echo")).stdout).toMatch(/^resumed echo, which \S+@\S+ paused at \S+\n$/);
  await compare("resume", "echo");
  expect((await overHttp("pause", "*o*", "--reason", "x")).stdout).toMatch(
    /^paused echo;.*\npaused hourly;.*\n$/,
  );
  await compare("pause", "*o*", "--json");
  await compare("resume", "x*");
  expect((await overHttp("resume", "--all")).stdout).toMatch(
    /^resumed echo.*\nfail is not paused\nresumed hourly/,
  );
  expect((await overHttp("skip-next", "hourly")).stdout).toMatch(
    /^hourly skips \S+ \(\S+ \d\d:\d\d.*\); --undo/,
  );
  expect((await overHttp("skip-next", "hourly", "--undo")).stdout).toMatch(/^hourly keeps \S+\n$/);
  expect(await overHttp("audit", "--limit", "1")).toMatchObject({
    stdout: expect.stringMatching(/keep-next +hourly +anna@127\.0\.0\.1/),
  });

  const viewer = ["--url", url, "--token", TOKENS.viewer];
  expect(await bellwether(["pause", "echo", ...viewer], { cwd })).toMatchObject({
    code: 1,
    stderr: "vera is viewer, and this needs operator: ask for a token or a group with that role\n",
  });
  expect(await bellwether(["status", "--url", url], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no valid token and no session"),
  });
  for (const [args, problem] of [
    [["status", "--token", "x"], "--token is for --url"],
    [["status", "--url", "localhost:1"], "expected an address like http://127.0.0.1:8081"],
    [["pause", "echo", "--url", url, "--by", "ann"], "the record has the token's name"],
  ] as const) {
    const refused = await bellwether([...args], { cwd });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(problem) });
  }
  expect(await bellwether(["status", "--url", "http://127.0.0.1:1"], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the HTTP API at http://127.0.0.1:1 gave no answer"),
  });
});
