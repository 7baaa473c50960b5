import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { isBellwetherError } from "../errors.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { version } from "./version.ts";

// Each command is imported when it is called: most of a command line's time is spent on loading code.

/** Runs one command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = buildProgram(io, code => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof CliFailure) {
      io.err(`${error.message}\n`);
      return error.exitCode;
    }
    if (isBellwetherError(error)) {
      io.err(`${error.message}\n`);
      return EXIT.failed;
    }
    throw error;
  }
}

function buildProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command("bellwether")
    .description("Cron for replicated Node.js workers: one elected leader launches, every replica runs.")
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: text => io.out(text), writeErr: text => io.err(text) })
    .showSuggestionAfterError()
    .helpCommand(true);

  project(program, "run", "one replica, until SIGTERM")
    .addOption(new Option("--roles <roles>", "what it does").default("scheduler,worker"))
    .option("--id <id>", "name in logs, made unique per process (default: the host name)")
    .action(async options => exit(await (await import("./run.ts")).run(options, io)));
  project(program, "dev", "a private Redis and several replicas on it, with readable logs")
    .option("--replicas <n>", "how many", positive, 3)
    .action(async options => exit(await (await import("./dev.ts")).dev(options, io)));
  project(program, "check", "validate the configuration and the handlers")
    .option("--json", "print JSON")
    .action(async options => exit(await (await import("./check.ts")).check(options, io)));
  project(program, "next", "the coming ticks of a job, or of all; needs no server")
    .argument("[job]")
    .option("--count <n>", "ticks per job", positive, 5)
    .option("--from <instant>", "count from this instant (ISO 8601) instead of now")
    .option("--json", "print JSON")
    .action(async (job, options) => exit(await (await import("./next.ts")).next(job, options, io)));
  project(program, "status", "who leads, the replicas, each job's last and next tick")
    .option("--json", "print JSON")
    .action(async options => exit(await (await import("./status.ts")).status(options, io)));
  project(program, "trigger", "start a run of a job now, beside its schedule")
    .argument("<job>")
    .option("--data <json>", "a JSON object that replaces fields of the job's data")
    .option("--json", "print JSON")
    .action(async (job, options) => exit(await (await import("./trigger.ts")).trigger(job, options, io)));
  project(program, "history", "the last ticks of a job and how their runs ended")
    .argument("<job>")
    .option("--limit <n>", "how many ticks", positive, 20)
    .option("--json", "print JSON")
    .action(async (job, options) => exit(await (await import("./history.ts")).history(job, options, io)));
  program
    .command("schema")
    .description("JSON Schema of a config file, for editors")
    .argument("[file]", "bellwether or jobs", "jobs")
    .action(async file => exit((await import("./schema.ts")).schema(file, io)));
  program
    .command("init")
    .description("write a small working project: configuration, one handler, Dockerfile, package.json")
    .argument("<dir>", "a new folder, or one that has none of its files")
    .option("--json", "print JSON")
    .action(async (dir, options) => exit(await (await import("./init.ts")).init(dir, options, io)));
  return program;
}

function project(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--config <dir>", "the folder of bellwether.yaml and jobs.yaml", "./config")
    .option(
      "--jobs <dir>",
      "the folder of the handlers (default: jobs beside the config folder, else ./jobs)",
    );
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError("Expected a whole number from 1 to 999999.");
  return Number(text);
}
