/** Where the snippets of the documentation are followed: a project in a temporary folder, and a shell with its commands. */
import { execFile } from "node:child_process";
import { chmod } from "node:fs/promises";
import path from "node:path";
import { MAIN, plainEnvironment } from "./command.ts";
import { createProject, type TestProject } from "./project.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const LIMIT_MS = 60_000;

export interface ShellResult {
  readonly code: number;
  /** Of both streams, in order. */
  readonly output: string;
}

export class SnippetDesk {
  readonly project: TestProject;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(project: TestProject, env: NodeJS.ProcessEnv) {
    this.project = project;
    this.#env = env;
  }

  /** `programs`: more commands in PATH, as shell scripts. */
  static async create(
    files: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
    programs: Readonly<Record<string, string>> = {},
  ): Promise<SnippetDesk> {
    const project = await createProject({ "config/bellwether.yaml": "http: false\n", ...files });
    const all = { bellwether: `exec '${process.execPath}' '${MAIN}' "$@"`, ...programs };
    for (const [name, script] of Object.entries(all)) {
      await project.write(`.bin/${name}`, `#!/bin/sh\n${script}\n`);
      await chmod(path.join(project.dir, ".bin", name), 0o755);
    }
    const bin = path.join(project.dir, ".bin");
    return new SnippetDesk(
      project,
      plainEnvironment({ ...env, PATH: `${bin}:${process.env["PATH"] ?? ""}` }),
    );
  }

  /** Runs a script in the project's folder, or in that of the checkout. */
  shell(script: string, where: "project" | "checkout" = "project"): Promise<ShellResult> {
    const cwd = where === "project" ? this.project.dir : ROOT;
    const options = { cwd, env: this.#env, timeout: LIMIT_MS };
    return new Promise((resolve, reject) => {
      execFile("bash", ["-c", `exec 2>&1\n${script}`], options, (error, output) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === "number") resolve({ code, output });
        else reject(new Error(`no end within ${LIMIT_MS} ms:\n${script}\n${output}`));
      });
    });
  }

  /** What is wrong with a script whose commands should all succeed. */
  async problems(script: string, where: "project" | "checkout" = "project"): Promise<string[]> {
    const { code, output } = await this.shell(`set -e -o pipefail\n${script}`, where);
    return code === 0 ? [] : [`ended with ${code}: ${output}`];
  }

  /**
   * What is wrong with a session: `$ command`, and what it prints. `…` matches anything within a line, alone on a line
   * any lines.
   */
  async sessionProblems(session: string, compare: Compare = isSame): Promise<string[]> {
    const steps = session.split(/^\$ /m).slice(1);
    const commands = steps.map(step => step.slice(0, step.indexOf("\n")));
    const script = commands.map(command => `{ ${command}\n}\ncode=$?; echo "${MARK}"; (exit $code)`);
    const outputs = (await this.shell(script.join("\n"))).output.split(`${MARK}\n`);
    return steps.flatMap((step, index) => {
      const told = step.slice(step.indexOf("\n") + 1);
      const actual = outputs[index] ?? "";
      return compare(told, actual)
        ? []
        : [`$ ${commands[index]}\nis documented as\n${told}and prints\n${actual}`];
    });
  }

  dispose(): Promise<void> {
    return this.project.dispose();
  }
}

const MARK = "-- the next command --";

export type Compare = (told: string, actual: string) => boolean;

/** The same text, but for `…`. */
export function isSame(told: string, actual: string): boolean {
  const pattern = told
    .trimEnd()
    .split("\n")
    .map(line =>
      line === "…"
        ? "[^]*?"
        : line
            .split("…")
            .map(part => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
            .join(".*"),
    )
    .join("\n");
  return new RegExp(`^${pattern}$`).test(actual.trimEnd());
}

/** The same words in the same lines, whatever the numbers, the widths of columns and the order of the lines. */
export function hasSameLines(told: string, actual: string): boolean {
  const lines = (text: string) =>
    text
      .split("\n")
      .map(line => plainly(line).trim())
      .sort()
      .join("\n");
  return lines(told) === lines(actual);
}

/** The same, whatever the numbers. */
export function hasSameShape(told: string, actual: string): boolean {
  return isSame(told.replaceAll(/\d+/g, "0"), actual.replaceAll(/\d+/g, "0"));
}

function plainly(text: string): string {
  return text.replaceAll(/\d+/g, "0").replaceAll("CEST", "CET").replaceAll(/\s+/g, " ");
}
