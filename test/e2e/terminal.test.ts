/** What people see and press on a terminal. */
import { expect, type TestContext, test } from "vitest";
import { MAIN } from "../support/command.ts";
import { createProject } from "../support/project.ts";
import { startRedis } from "../support/redis-server.ts";
import { Terminal } from "../support/terminal.ts";

const HANDLER =
  'import { defineHandler } from "bellwether";\nexport default defineHandler(() => undefined);\n';
const JOBS = "jobs:\n  beat: { every: 1s, handler: beat }\n";

async function setup({ onTestFinished }: TestContext, settings = "") {
  const project = await createProject({
    "config/bellwether.yaml": `http: false\nredis: { url: "\${REDIS_URL}" }\n${settings}`,
    "config/jobs.yaml": JOBS,
    "jobs/beat.ts": HANDLER,
  });
  onTestFinished(() => project.dispose());
  return project;
}

/** The command line, between two prints of the terminal's settings. */
function bellwether(...args: readonly string[]): string {
  return `stty -g; '${process.execPath}' '${MAIN}' ${args.join(" ")}; code=$?; echo; stty -g; exit $code`;
}

function settingsOf(output: string): string[] {
  return output.match(/^(?:[0-9a-f]+:){10,}[0-9a-f]+$/gm) ?? [];
}

/** Waits until all replicas know the leader, and have done so for two runs of each second's job. */
async function allFollow(terminal: Terminal, replicas: number): Promise<void> {
  await terminal.when(new RegExp(`(leader\\.observed[\\s\\S]*){${replicas - 1}}`));
  const from = terminal.output.length;
  // A replica reports no other one as gone in the first second of its connection.
  await terminal.when(/(run\.completed[\s\S]*){3}/, from);
}

test("dev makes a handoff with one key: killed, frozen and thawed, made to resign; q stops it and restores the terminal", async context => {
  const project = await setup(context, "election: { leaseTtl: 2s }\n");
  const terminal = new Terminal(context, bellwether("dev"), project, { REDIS_URL: "" });
  await terminal.when(/handoff +press k to kill the leader/);
  const [, first = ""] = await terminal.when(/(replica-\d)-\w+ +leader\.elected +term 1 /);
  await allFollow(terminal, 3);

  terminal.press("k");
  await terminal.when(new RegExp(`dev +${first} was killed`));
  await terminal.when(new RegExp(`leader\\.elected +term 2 after ${first}-\\w+ \\(crashed: process-gone\\)`));

  terminal.press("f");
  const [, second = ""] = await terminal.when(/dev +(replica-\d) is frozen/);
  await terminal.when(new RegExp(`leader\\.elected +term 3 after ${second}-\\w+ \\(expired: silent\\)`));
  await terminal.when(new RegExp(`dev +${second} goes on`));
  // The second is said where it was frozen in the middle of a renewal.
  const lost = "(?:expired: frozen|unreachable: frozen: no answer in time)";
  await terminal.when(new RegExp(`${second}-\\w+ +leader\\.lost +term 2 \\(${lost}\\)`));

  terminal.press("r");
  await terminal.when(/leader\.elected +term 4 after replica-\d-\w+ \(resigned: stepdown by dev\)/);
  await terminal.when(/dev +replica-\d-\w+ leads now, term 4, after term 3/);
  // The killed one has started again.
  await terminal.when(/(replica\.started[\s\S]*){4}/);

  terminal.press("q");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.output.match(/replica\.stopped +clean/g)).toHaveLength(3);
  const [before, after] = settingsOf(terminal.output);
  expect(before).toBeDefined();
  expect(after).toBe(before);
});

test("dev goes on when the configuration is broken later, and shows the mistakes also of a replica that cannot start", async context => {
  const project = await setup(context);
  const terminal = new Terminal(context, bellwether("dev", "--replicas", "2"), project, { REDIS_URL: "" });
  await allFollow(terminal, 2);
  await project.write("config/jobs.yaml", JOBS.replace("every", "evry"));
  await terminal.when(/config\.rejected +config\/jobs\.yaml:2:\d+ jobs\.beat/);
  terminal.press("k");
  const [, killed = ""] = await terminal.when(/dev +(replica-\d) was killed/);
  await terminal.when(new RegExp(`${killed} +config/jobs\\.yaml:2:\\d+ jobs\\.beat`));
  await terminal.when(new RegExp(`${killed} \\(pid \\d+\\) exited with 2; starts again`));
  await terminal.when(/leader\.elected +term 2 /);
  await project.write("config/jobs.yaml", JOBS);
  const seen = terminal.output.length;
  await terminal.when(new RegExp(`${killed}-\\w+ +replica\\.started`), seen);
  // What Ctrl-C types.
  terminal.press("\u0003");
  expect(await terminal.ended()).toBe(0);
  const [before, after] = settingsOf(terminal.output);
  expect(after).toBe(before);
});

test("dev takes over edited handlers and what they import: it restarts one replica after the other, the leader last", async context => {
  const project = await setup(context);
  const greeting = (text: string) => `export const greeting = "${text}";\n`;
  await project.write("lib/greeting.ts", greeting("hello"));
  await project.write(
    "jobs/beat.ts",
    'import { defineHandler } from "bellwether";\nimport { greeting } from "../lib/greeting.ts";\n' +
      "export default defineHandler((_, run) => run.log.info(greeting));\n",
  );
  const terminal = new Terminal(context, bellwether("dev"), project, { REDIS_URL: "" });
  const [, leader = ""] = await terminal.when(/(replica-\d)-\w+ +leader\.elected +term 1 /);
  await allFollow(terminal, 3);
  await terminal.when(/log +hello/);

  const edited = terminal.output.length;
  await project.write("lib/greeting.ts", greeting("good day"));
  await terminal.when(
    /dev +lib\/greeting\.ts changed: the replicas restart one after the other, the leader last/,
  );
  await terminal.when(/leader\.elected +term 2 after \S+ \(resigned: shutdown\)/);
  await terminal.when(/(replica\.started[\s\S]*){3}/, edited);
  await terminal.when(/log +good day/, edited);
  const steps = terminal.output
    .slice(edited)
    .matchAll(/(replica-\d)-\w+ +replica\.(started|stopped)/g)
    .map(([, replica, step]) => ({ replica, step }))
    .toArray();
  expect(steps.map(({ step }) => step)).toEqual([
    "stopped",
    "started",
    "stopped",
    "started",
    "stopped",
    "started",
  ]);
  expect(steps.at(-1)?.replica).toBe(leader);
  terminal.press("q");
  expect(await terminal.ended()).toBe(0);
});

test("dev restores the terminal also when it ends at once", async context => {
  const project = await setup(context);
  await project.write("config/jobs.yaml", JOBS.replace("every", "evry"));
  const terminal = new Terminal(context, bellwether("dev"), project, { REDIS_URL: "" });
  expect(await terminal.ended()).toBe(2);
  const [before, after] = settingsOf(terminal.output);
  expect(before).toBeDefined();
  expect(after).toBe(before);
});

test("dev in the background leaves the terminal alone, and is not stopped by it", async context => {
  const project = await setup(context);
  const line = `set -m; '${process.execPath}' '${MAIN}' dev --replicas 1 & pid=$!; read line; kill $pid; wait $pid`;
  const terminal = new Terminal(context, line, project, { REDIS_URL: "" });
  await terminal.when(/run\.completed/);
  terminal.press("\n");
  expect(await terminal.ended()).toBe(0);
  expect(terminal.output).toMatch(/replica\.stopped +clean/);
});

test("run prints readable lines on a terminal, and JSON into a pipe or with --log json", async context => {
  const redis = await startRedis();
  context.onTestFinished(() => redis.stop());
  const project = await setup(context);
  const env = { REDIS_URL: redis.url };
  const run = (rest: string) =>
    new Terminal(context, `'${process.execPath}' '${MAIN}' run --id r ${rest}`, project, env);
  const isJson =
    /^\{"level":"info","time":"[^"]+","namespace":"bellwether","replica":"r-\w+","event":"leader\.elected",.*\}$/m;
  const isText = /^\d\d:\d\d:\d\d\.\d{3} {2}r-\w{6} {10}leader\.elected {6}term \d+ .*$/m;
  for (const [rest, shown, other] of [
    ["", isText, '{"level"'],
    ["--log json", isJson, "leader.elected  "],
    ["| cat", isJson, "leader.elected  "],
    ["--log text | cat", isText, '{"level"'],
  ] as const) {
    const terminal = run(rest);
    await terminal.when(shown);
    terminal.press("\u0003");
    await terminal.ended();
    expect(terminal.output).not.toContain(other);
  }
});

test("run says on a terminal once why it cannot start", async context => {
  const project = await setup(context);
  await project.write("config/jobs.yaml", JOBS.replace("every", "evry"));
  const terminal = new Terminal(context, bellwether("run"), project, { REDIS_URL: "redis://127.0.0.1:1" });
  expect(await terminal.ended()).toBe(2);
  expect(terminal.output.match(/unknown key/g)).toHaveLength(1);
  expect(terminal.output).not.toContain('{"level"');
  const wrong = new Terminal(context, bellwether("run", "--log", "xml"), project);
  expect(await wrong.ended()).toBe(2);
  expect(wrong.output.match(/xml/g)).toHaveLength(1);
});

test("run that is interrupted before it has started says so in the form of its log", async context => {
  const project = await setup(context);
  // Ctrl-C as soon as a listener is there.
  await project.write(
    "early.mjs",
    'process.on("newListener", name => name === "SIGHUP" && process.kill(process.pid, "SIGINT"));\n',
  );
  const env = { REDIS_URL: "redis://127.0.0.1:1", NODE_OPTIONS: "--import ./early.mjs" };
  for (const [option, line] of [
    ["", "stopped before the replica had started (SIGINT, while loading the configuration)\n"],
    ["--log json", '"event":"replica.interrupted","reason":"SIGINT"'],
  ] as const) {
    const terminal = new Terminal(
      context,
      `exec '${process.execPath}' '${MAIN}' run ${option}`,
      project,
      env,
    );
    expect(await terminal.ended()).toBe(0);
    expect(terminal.output).toContain(line);
    expect(terminal.output.includes("{")).toBe(option !== "");
  }
});

test("check shows on a terminal what it is doing, and nothing of that where stderr is no terminal", async context => {
  const project = await setup(context);
  const check = `env -u CI TERM=xterm '${process.execPath}' '${MAIN}' check`;
  const env = { REDIS_URL: "redis://127.0.0.1:1" };
  const shown = new Terminal(context, check, project, env);
  expect(await shown.ended()).toBe(0);
  expect(shown.output).toContain("reading the configuration");
  expect(shown.output).toContain("loading the handlers of 1 jobs");
  expect(shown.output).toContain("ok: 1 jobs");
  const piped = new Terminal(context, `${check} 2>&1 | cat`, project, env);
  expect(await piped.ended()).toBe(0);
  expect(piped.output).toMatch(/^ok: 1 jobs.*\n$/);
});

test("logs does not wait for a person to type a log", async context => {
  const terminal = new Terminal(context, `exec '${process.execPath}' '${MAIN}' logs`, await setup(context));
  expect(await terminal.ended()).toBe(2);
  expect(terminal.output).toContain("stdin is a terminal: name files, or pipe `kubectl logs` into it");
});
