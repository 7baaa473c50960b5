/** Completion in real shells, by the keys that a person presses. */
import { chmod } from "node:fs/promises";
import path from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { bellwether, MAIN } from "../support/command.ts";
import { createProject } from "../support/project.ts";
import { Terminal } from "../support/terminal.ts";

const CLEAR_LINE = "\u0015";
const ZSH = "autoload -U compinit; compinit -u -D; source <(bellwether completion zsh)";

async function setup({ onTestFinished }: TestContext) {
  const project = await createProject({
    "config/jobs.yaml": "jobs:\n  nightly-report: { every: 1m, handler: a }\n  half-written: { cron\n",
    "other/jobs/more.yaml": "jobs: { elsewhere: { every: 1m, handler: a } }\n",
    "bin/bellwether": `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`,
  });
  onTestFinished(() => project.dispose());
  const program = path.join(project.dir, "bin/bellwether");
  await chmod(program, 0o755);
  return { project, folder: path.dirname(program) };
}

describe.concurrent("Tab completes commands, options, their values, jobs and files", () => {
  test.for([
    ["bash", "bash --norc --noprofile -i", "dumb", "source <(bellwether completion bash)"],
    ["zsh", "zsh -f -i", "dumb", ZSH],
    ["fish", "fish --no-config", "xterm", "bellwether completion fish | source"],
  ] as const)("in %s", async ([, shell, TERM, script], context) => {
    const { project, folder } = await setup(context);
    const env = { TERM, PATH: `${folder}:${process.env["PATH"]}`, HOME: project.dir };
    const terminal = new Terminal(context, shell, project, env);
    terminal.press(`${script}; echo is re''ady\n`);
    await terminal.when(/is ready/);
    for (const [typed, shown] of [
      ["bellwether trig", "trigger "],
      ["bellwether trigger ni", "trigger nightly-report "],
      ["bellwether trigger --da", "trigger --data "],
      ["bellwether pause --config other else", "other elsewhere "],
      ["bellwether run --log t", "--log text "],
      ["bellwether run --log=t", "--log=text "],
      ["bellwether import cron", "import crontab "],
      ["bellwether logs conf", "logs config/"],
    ] as const) {
      const from = terminal.output.length;
      terminal.press(`${typed}\t`);
      await terminal.when(new RegExp(shown), from);
      terminal.press(CLEAR_LINE);
    }
    terminal.press("exit\n");
    await terminal.ended();
  });
});

test("completion names the shells that it knows", async () => {
  const { code, stderr } = await bellwether(["completion", "csh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish");
});
