/** docs/getting-started.md, followed as it is: `init` writes the project, and `dev` runs on a pseudo terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { MAIN, plainEnvironment } from "./command.ts";
import type { DocBlock } from "./doc-blocks.ts";
import { BLOCKS } from "./snippet-checks.ts";
import { isSame, type SnippetDesk } from "./snippet-desk.ts";
import { atEnd, makeDesk, makeRedis, startReplica } from "./snippet-scope.ts";
import { hasTheLines } from "./snippet-troubles.ts";

const OWN_JOB = "docs/getting-started.md: A job of your own";
const textOf = (name: string) => BLOCKS.find(block => block.name === name)?.text ?? "";

/** The package is installed from a file in package.test.ts; here `npx` runs the checkout. */
function makeProject(env: Readonly<Record<string, string>> = {}): Promise<SnippetDesk> {
  const files = {
    "config/jobs/reports.yaml": textOf(OWN_JOB),
    "jobs/reports/nightly.ts": textOf(`${OWN_JOB} (2)`),
  };
  return makeDesk(files, env, {
    npm: "echo added 1 package",
    npx: 'while [ "$1" != bellwether ]; do shift; done; exec "$@"',
  });
}

export async function firstProject({ text, name }: DocBlock): Promise<string[]> {
  return (await makeProject()).sessionProblems(text, name.startsWith(OWN_JOB) ? isSame : hasTheLines);
}

export async function askedReplica({ text }: DocBlock): Promise<string[]> {
  const redis = await makeRedis();
  const env = { REDIS_URL: redis.url };
  const desk = await makeProject(env);
  const replica = startReplica(desk, env, "--id", "a");
  await replica.when("leader.elected");
  const [beginning = "", history] = text.split(/(?=^\$ npx bellwether history)/m);
  const problems = await desk.sessionProblems(beginning, hasTheLines);
  await replica.when("run.completed");
  return [...problems, ...(await desk.sessionProblems(history ?? "", hasTheLines))];
}

let printed: Promise<string> | undefined;

/** Each line is printed by `dev`, whichever replica leads and however the clocks go. */
export async function devHandoff({ text }: DocBlock): Promise<string[]> {
  printed ??= killedLeader();
  return hasTheLines(`${text}…\n`, await printed)
    ? []
    : [`documented is\n${text}and printed\n${await printed}`];
}

/** What `dev` prints in a new project, from its start until a run has completed after the leader was killed. */
async function killedLeader(): Promise<string> {
  const desk = await makeDesk({});
  await desk.problems("bellwether init my-jobs");
  const child = spawn("script", ["-qefc", `'${process.execPath}' '${MAIN}' dev`, "/dev/null"], {
    cwd: path.join(desk.project.dir, "my-jobs"),
    env: plainEnvironment({ NO_COLOR: "1", SHELL: "/bin/sh", TMPDIR: desk.project.dir, TZ: "UTC" }),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  atEnd(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  let output = "";
  // What is pressed next, and when.
  const keys = [
    { key: "k", after: /follows.*follows.*run\.completed/s },
    { key: "q", after: /term 2 after.*follows.*run\.completed/s },
  ];
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    output += String(chunk).replaceAll("\r", "");
    if (keys[0]?.after.test(output)) child.stdin.write(keys.shift()?.key ?? "");
  }
  await closed;
  return output;
}
