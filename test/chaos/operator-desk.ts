import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { MAIN, plainEnvironment } from "../support/command.ts";
import type { Command, CommandAnswer } from "./verdict.ts";

export interface OperatorDeskOptions {
  /** The folder of the project. */
  readonly dir: string;
  readonly note: (what: string) => void;
  readonly onAccident: (what: string) => void;
}

export interface CommandRequest {
  readonly action: Command["action"];
  readonly job?: string;
  /** The configuration of the replica from whose machine it is given: its links to the servers are the command's. */
  readonly configDir: string;
  readonly args?: readonly string[];
  /** Of a backfill, how many runs it asks for. */
  readonly most?: number;
}

/** However bad the day is, a command ends. */
const LIMIT_MS = 30_000;
/** More processes that start at the same time would take the machine from the replicas. */
const AT_ONCE = 2;

/** Gives commands as operators do, in processes of their own, and remembers how they ended. */
export class OperatorDesk {
  readonly commands: Command[] = [];
  readonly #options: OperatorDeskOptions;
  readonly #children = new Set<ChildProcess>();
  readonly #kill = () => {
    for (const child of this.#children) child.kill("SIGKILL");
  };

  constructor(options: OperatorDeskOptions) {
    this.#options = options;
    process.once("exit", this.#kill);
  }

  dispose(): void {
    this.#kill();
    process.off("exit", this.#kill);
  }

  /** Resolves with the answer, or null when the command failed, and what it did is not known. */
  async give({ action, job, configDir, args = [], most }: CommandRequest): Promise<CommandAnswer | null> {
    const { dir, note } = this.#options;
    while (this.#children.size >= AT_ONCE) {
      await Promise.race([...this.#children].map(child => once(child, "close")));
    }
    const fromMs = Date.now();
    const line = [action, ...(job ? [job] : []), ...args];
    const jobs = path.join(dir, "jobs");
    const { code, output } = await this.#run([
      ...line,
      "--config",
      configDir,
      "--jobs",
      jobs,
      "--by",
      "chaos",
      "--json",
    ]);
    const answer = code === 0 ? answerOf(output) : null;
    note(`command: ${line.join(" ")}: ${code} ${output.trim().slice(0, 300)}`);
    this.commands.push({
      action,
      job: job ?? null,
      fromMs,
      untilMs: Date.now(),
      answer,
      ...(most !== undefined && { most }),
    });
    return answer;
  }

  async #run(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    const limit = setTimeout(() => {
      this.#options.onAccident(`the command "${args[0]}" had not ended after ${LIMIT_MS} ms`);
      child.kill("SIGKILL");
    }, LIMIT_MS);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const [code] = (await once(child, "close")) as [number | null];
    clearTimeout(limit);
    this.#children.delete(child);
    return { code, output };
  }
}

function answerOf(output: string): CommandAnswer {
  const json = JSON.parse(output.slice(output.indexOf("{"))) as {
    readonly changed?: boolean;
    readonly run?: string;
    readonly runs?: readonly string[];
  };
  const runs = json.runs ?? (json.run === undefined ? null : [json.run]);
  return { isChange: json.changed ?? true, ...(runs && { runs }) };
}
