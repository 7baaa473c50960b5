import { BellwetherError, codeOf, messageOf } from "../errors.ts";
import { type Command, problemOfCommand } from "./find-program.ts";
import type { Handler, Run } from "./handler.ts";
import type { LoadedHandler } from "./handler-kind.ts";
import { NO_DESCRIPTORS } from "./http-failure.ts";
import { LineSplitter, Tail } from "./output-lines.ts";
import { type ProcessEnd, runProcessGroup } from "./process-group.ts";
import { withoutStack } from "./without-stack.ts";

export interface CommandRef extends Command {
  readonly kind: "command";
  /** What it reads; null for the run's data as JSON. */
  readonly stdin: string | null;
}

/** From SIGTERM to SIGKILL. */
export const COMMAND_GRACE_MS = 800;
/** Linux takes no variable of more than 128 KiB; larger data is on stdin only. */
const DATA_VARIABLE_LIMIT_BYTES = 100_000;
const TAIL_LINES = 10;
const TAIL_LIMIT = 1_500;

/**
 * A handler that is a program. It finds the run in its environment and the data on stdin; exit code 0 is success. When
 * the run's signal aborts, the program and its process group are stopped. The attempt then never counts as done: a program
 * that catches SIGTERM and ends with 0 has not done its work.
 */
export class CommandHandler implements Handler {
  readonly #ref: CommandRef;
  readonly #graceMs: number;

  constructor(ref: CommandRef, graceMs = COMMAND_GRACE_MS) {
    this.#ref = ref;
    this.#graceMs = graceMs;
  }

  async handle(data: Record<string, unknown>, run: Run): Promise<{ readonly exitCode: 0 }> {
    run.signal.throwIfAborted();
    const json = JSON.stringify(data);
    const tail = new Tail(TAIL_LINES, TAIL_LIMIT);
    const stdout = new LineSplitter(line => run.log.info({ stream: "stdout", line }, "command output"));
    const stderr = new LineSplitter(line => {
      tail.push(line);
      run.log.info({ stream: "stderr", line }, "command output");
    });
    const end = await this.#run(environmentOf(run, json), json, run.signal, (stream, chunk) =>
      (stream === "stdout" ? stdout : stderr).push(chunk),
    );
    stdout.end();
    stderr.end();
    run.signal.throwIfAborted();
    if (end.code === 0) return { exitCode: 0 };
    const failure = new BellwetherError("BW_COMMAND_FAILED", {
      program: this.#program,
      end: end.code === null ? `signal ${end.signal}` : `exit code ${end.code}`,
      lastLines: tail.lines,
    });
    throw withoutStack(failure);
  }

  get #program(): string {
    return this.#ref.argv[0] ?? "";
  }

  async #run(
    runEnv: Readonly<Record<string, string>>,
    json: string,
    signal: AbortSignal,
    onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void,
  ): Promise<ProcessEnd> {
    const { argv, cwd, env, stdin } = this.#ref;
    try {
      return await runProcessGroup({
        argv,
        cwd,
        env: { ...process.env, ...env, ...runEnv },
        // Programs that read stdin only because it is there are given nothing, as cron does.
        stdin: stdin ?? (json === "{}" ? "" : json),
        signal,
        graceMs: this.#graceMs,
        onOutput,
      });
    } catch (error) {
      const why =
        shortageOf(error) ?? (await problemOfCommand(this.#ref, process.env["PATH"])) ?? messageOf(error);
      const fields = { program: this.#program, why };
      throw withoutStack(new BellwetherError("BW_COMMAND_NOT_STARTED", fields, { cause: error }));
    }
  }
}

export async function loadCommand(ref: CommandRef): Promise<LoadedHandler> {
  const problem = await problemOfCommand(ref, process.env["PATH"]);
  return problem === null ? { handler: new CommandHandler(ref) } : { problem };
}

function environmentOf(run: Run, json: string): Record<string, string> {
  return {
    BELLWETHER_RUN: run.id,
    BELLWETHER_JOB: run.job,
    BELLWETHER_TICK: run.tick.toISOString(),
    BELLWETHER_KIND: run.kind,
    BELLWETHER_ATTEMPT: String(run.attempt),
    BELLWETHER_TERM: String(run.term),
    ...(Buffer.byteLength(json) <= DATA_VARIABLE_LIMIT_BYTES && { BELLWETHER_DATA: json }),
  };
}

const SHORTAGES: Readonly<Record<string, string>> = {
  E2BIG: "its arguments and environment are too large for the system (E2BIG)",
  EAGAIN: "the system allows no more processes (EAGAIN)",
  EMFILE: `${NO_DESCRIPTORS} (EMFILE)`,
  ENFILE: "the machine has no file descriptor left (ENFILE)",
};

/** What the system has too little of to start any program, or null. */
function shortageOf(error: unknown): string | null {
  return SHORTAGES[codeOf(error) ?? ""] ?? null;
}
