import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect } from "vitest";
import { bellwether, MAIN, plainEnvironment } from "../support/command.ts";
import { test } from "../support/fixtures.ts";
import { HandoffDeployment } from "../support/handoff-deployment.ts";
import { createProject, type TestProject } from "../support/project.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";

const isOfTerm = (term: number) => (line: LogLine) => line["term"] === term;

function logOf(replica: ReplicaProcess): string {
  return replica.lines.map(line => `${JSON.stringify(line)}\n`).join("");
}

/** Runs `bellwether logs` with this input on stdin. */
async function logs(input: string, args: readonly string[], project: TestProject) {
  const child = spawn(process.execPath, [MAIN, "logs", ...args], {
    cwd: project.dir,
    env: plainEnvironment({ TZ: "UTC" }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

test("shows the handoffs of real replicas, the same from all logs, from each one and through a prefix", async ({
  defer,
  makeProject,
}) => {
  const handoff = await HandoffDeployment.create({ store: "redis", roles: "scheduler,worker" });
  defer(() => handoff.dispose());
  const { deployment } = handoff;
  const [first, second] = [await handoff.join(), await handoff.join()];
  await second.when("leader.observed");
  await first.when("tick.launched");

  first.signal("SIGSTOP");
  const frozen = await deployment.when("leader.elected", isOfTerm(2));
  first.signal("SIGCONT");
  await first.when("leader.lost", isOfTerm(1));
  // The backlog comes first.
  await second.when("tick.launched", line => line["term"] === 2 && Number(line["lateMs"]) < 100);
  await first.when("leader.observed", isOfTerm(2));
  await second.end("SIGKILL");
  const crashed = await first.when("leader.elected", isOfTerm(3));
  await first.when("tick.launched", isOfTerm(3));
  await first.end("SIGTERM");

  const project = await makeProject({ "first.log": logOf(first), "second.log": logOf(second) });
  const both = await logs("", ["--handoffs", "--json", "first.log", "second.log"], project);
  expect(both).toMatchObject({ code: 0, stderr: "" });
  const rows = JSON.parse(both.stdout);
  const told = ({ at, previous, leader, term, reason, cause, vacantMs }: LogLine) => {
    return { at, previous, leader, term, reason, cause, vacantMs };
  };
  expect(rows).toMatchObject([
    { term: 1, previous: null, reason: "vacant", lateTicks: 0 },
    { ...told(frozen), cause: "silent", ownCause: "frozen" },
    { ...told(crashed), reason: "crashed", cause: "process-gone", ownCause: null },
    { previous: crashed.replica, leader: null, term: null, cause: "shutdown" },
  ]);
  // Some twenty ticks a second are due.
  expect(rows[1].lateTicks).toBeGreaterThan(10);
  expect(rows[1].maxLateMs).toBeGreaterThan(1_000);

  const one = await logs(logOf(first), ["--handoffs", "--json"], project);
  expect(JSON.parse(one.stdout).map(told)).toEqual(rows.map(told));
  // One pod after the other, as kubectl prints them.
  const prefixed = [second, first]
    .map(replica =>
      logOf(replica)
        .replaceAll(/^/gm, `[pod/${replica.lines[0]?.replica}/main] `)
        .replace(/\[[^\]]+\] $/, ""),
    )
    .join("");
  expect(JSON.parse((await logs(prefixed, ["--handoffs", "--json"], project)).stdout)).toEqual(rows);

  const table = await logs(prefixed, ["--handoffs"], project);
  expect(table.stdout.split("\n")[2]).toMatch(
    /^\S+Z +2 +replica-1-\w+ +replica-2-\w+ +\d\S* m?s +\d+, up to \S+ m?s +the leader was frozen, or its event loop was blocked \(expired, silent, frozen by its own log\)$/,
  );

  const merged = await logs(prefixed, [], project);
  const times = merged.stdout.match(/^\d\d:\d\d:\d\d\.\d{3}/gm) ?? [];
  expect(times.length).toBe(first.lines.length + second.lines.length);
  expect(times).toEqual(times.toSorted());
  const leaders = await logs(prefixed, ["--event", "leader.*"], project);
  const [ended, elected] = [/leader\.lost +term 1 \(expired: frozen\)/, /leader\.elected +term 2 /].map(
    pattern => leaders.stdout.search(pattern),
  );
  expect(ended).toBeGreaterThan(0);
  expect(elected).toBeGreaterThan(ended ?? 0);
});

const LINE = (time: string, more: object = {}) =>
  `${JSON.stringify({ level: "info", time: `2026-11-28T${time}Z`, namespace: "n", replica: "a", ...more })}\n`;

describe("logs", () => {
  const files = {
    "a.log": `${LINE("00:00:01.000", { msg: "one" })}no JSON\u001b[2J\n${LINE("00:00:03.000", { msg: "three", job: "x" })}`,
    "b.log": `${LINE("00:00:02.000", { msg: "two", replica: "b" })}`,
  };
  let project: TestProject;
  beforeAll(async () => {
    project = await createProject(files);
    return () => project.dispose();
  });
  const run = (...args: readonly string[]) =>
    bellwether(["logs", ...args], { cwd: project.dir, env: { TZ: "UTC" } });

  test("merges files, and passes on what is no log line of a replica", async () => {
    expect(await run("a.log", "b.log")).toEqual({
      code: 0,
      stdout: `2026-11-28, times in UTC
00:00:01.000  a                 log                 one
00:00:01.000  a.log             no JSON\\u001b[2J
00:00:02.000  b                 log                 two
00:00:03.000  a                 log                 three  job=x
`,
      stderr: "",
    });
  });

  test("prints the records with --json, and says how many lines are none", async () => {
    const { code, stdout, stderr } = await run("--json", "b.log", "a.log");
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map(line => JSON.parse(line).msg),
    ).toEqual(["one", "two", "three"]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "left out, because they are no log lines of a replica: 1 line\n",
    });
  });

  test("reads compressed files, and says which one is damaged", async () => {
    const zipped = gzipSync(files["b.log"]);
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${project.dir}/b.log.gz`, zipped);
    await writeFile(`${project.dir}/half.gz`, zipped.subarray(0, 20));
    expect((await run("b.log.gz")).stdout).toContain("two");
    expect(await run("half.gz")).toEqual({
      code: 1,
      stdout: "",
      stderr: "half.gz: it is compressed, and damaged or cut\n",
    });
  });

  test.each([
    [["nothing.log", "."], "nothing.log: there is no such file\n.: it is a folder, expected a file\n"],
    [
      ["--since", "1", "a.log"],
      "--since 1: expected how long ago, like 10m, or an instant like 2026-12-24T18:00:00Z\n",
    ],
    [["--follow", "a.log"], "--follow reads stdin only: tail -F FILE | bellwether logs --follow\n"],
    [
      ["--handoffs", "--event", "x", "a.log"],
      "error: option '--event <names>' cannot be used with option '--handoffs'\n",
    ],
  ])("refuses %j with exit code 2", async (args, stderr) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: "", stderr });
  });

  test("says when there is nothing to show", async () => {
    expect(await run("--handoffs", "b.log")).toEqual({
      code: 0,
      stdout: "no handoff is in these logs\n",
      stderr: "",
    });
    expect(await run("--event", "leader.electd", "b.log")).toEqual({
      code: 0,
      stdout: "",
      stderr: "no line matches; did you mean leader.elected?\n",
    });
  });

  test("prints lines of stdin while they come with --follow, in the order of their times", async ({
    defer,
  }) => {
    const child = spawn(process.execPath, [MAIN, "logs", "--follow", "--event", "leader.*"], {
      env: plainEnvironment({ TZ: "UTC" }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    defer(() => void child.kill("SIGKILL"));
    let output = "";
    const shown = new Promise<void>(resolve => {
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
        if (output.includes("term 7")) resolve();
      });
    });
    const elected = (replica: string, term: number, time: string) =>
      `[pod/${replica}/main] ${LINE(time, { event: "leader.elected", replica, term, at: `2026-11-28T${time}Z` })}`;
    child.stdin.write(elected("b", 7, "00:00:02.000") + elected("a", 6, "00:00:01.000"));
    await shown;
    expect(output).toMatch(/a +leader\.elected +term 6\n.* b +leader\.elected +term 7\n/);
    child.stdin.end();
    expect((await once(child, "close"))[0]).toBe(0);
  });

  test("ends --follow with 141 when its output was closed, also while stdin is open", async ({ defer }) => {
    const child = spawn(process.execPath, [MAIN, "logs", "--follow"], {
      env: plainEnvironment(),
      stdio: ["pipe", "pipe", "inherit"],
    });
    defer(() => void child.kill("SIGKILL"));
    child.stdin.write(LINE("00:00:01.000", { msg: "one" }));
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.stdin.write(LINE("00:00:02.000", { msg: "two" }));
    expect((await once(child, "exit"))[0]).toBe(141);
  });
});

/** Whatever a line has: no input makes the command fail, or a terminal move. */
test("shows binary input with escapes, and a record with fields of other types with all of its fields", async ({
  makeProject,
}) => {
  const project = await makeProject({});
  const hostile = [
    "\u0000\u001b[31m\u202e\ufeff",
    '{"level":"__proto__","event":"leader.elected","term":{"toString":1},"time":1}',
    '{"level":"info","event":"replica.exited","runs":7,"time":{},"replica":["x"]}',
    '{"level":"info","event":"constructor","msg":"a\\u001b]0;x\\u0007"}',
    '{"level":"info","event":"leader.lost","term":1e999,"time":"-271821-04-20T00:00:00.000Z","at":null}',
    "[pod/\u001b[2J/x] hi",
    `{"level":"info","msg":"${"x".repeat(2_000_000)}"}`,
    "{".repeat(100_000),
  ].join("\n");
  for (const args of [[], ["--handoffs"], ["--json"], ["--handoffs", "--json"]]) {
    const { code, stdout, stderr } = await logs(hostile, args, project);
    expect({ args, code, stderr: stderr.includes(" at ") }).toEqual({ args, code: 0, stderr: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});
