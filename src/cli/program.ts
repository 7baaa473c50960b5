import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import { CliFailure, EXIT, exitCodeOf, type Io } from "./io.ts";
import { addLogs } from "./logs.ts";
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
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      if (argv[0] === "run") {
        const { tellFailure } = await import("./run-failure.ts");
        (await import("./run-log.ts")).chooseLogForm();
        tellFailure(new BellwetherError("BW_USAGE", { problem: error.message }));
      }
      return EXIT.usage;
    }
    if (error instanceof CliFailure || isBellwetherError(error)) {
      io.err(`${error.message}\n`);
      return exitCodeOf(error);
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
    .addOption(
      new Option("--log <form>", "JSON, or lines for people (default: text on a terminal)").choices([
        "json",
        "text",
      ]),
    )
    .action(async options => exit(await (await import("./run.ts")).run(options, io)));
  project(program, "dev", "a private Redis and several replicas on it, with readable logs")
    .option("--replicas <n>", "how many", positive, 3)
    .action(async options => exit(await (await import("./dev.ts")).dev(options, io)));
  project(program, "check", "validate the configuration and the handlers")
    .option("--json", "print JSON")
    .action(async options => exit(await (await import("./check.ts")).check(options, io)));
  project(program, "next", "the coming ticks of a job, or of all; needs no server")
    .argument("[job]")
    .option("--count <n>", "at most so many ticks per job (default: 5, with --until 1000)", positive)
    .option("--from <instant>", "begin at this instant (ISO 8601) instead of now")
    .option("--until <instant>", "all ticks up to this instant; with --count, whichever comes first")
    .option("--excluded", "with --json: also the ticks that except, start and end take away")
    .option("--json", "print JSON")
    .action(async (job, options) => exit(await (await import("./next.ts")).next(job, options, io)));
  project(program, "explain", "a job's schedule in words; needs no server")
    .argument("<job>")
    .option("--json", "print JSON")
    .action(async (job, options) => exit(await (await import("./explain.ts")).explain(job, options, io)));
  project(program, "status", "who leads, the replicas, each job's last and next tick")
    .option("--json", "print JSON")
    .action(async options => exit(await (await import("./status.ts")).status(options, io)));
  operator(program, "trigger", "start a run of a job now, beside its schedule")
    .argument("<job>")
    .option("--data <json>", "a JSON object that replaces fields of the job's data")
    .action(async (job, options) => exit(await (await import("./trigger.ts")).trigger(job, options, io)));
  operator(program, "pause", "launch no tick of a job until it is resumed")
    .argument("<job>")
    .action(async (job, options) => exit(await (await import("./pause.ts")).pause(job, options, io)));
  operator(program, "resume", "launch a paused job's ticks again; its catchUp policy says which late ones")
    .argument("<job>")
    .action(async (job, options) => exit(await (await import("./resume.ts")).resume(job, options, io)));
  operator(program, "skip-next", "skip a job's next tick; called again, the one after it too")
    .argument("<job>")
    .option("--undo", "take back what has not been skipped yet")
    .action(async (job, options) => exit(await (await import("./skip-next.ts")).skipNext(job, options, io)));
  operator(program, "backfill", "start a run for each tick of a job in a range of the past, all or none")
    .argument("<job>")
    .requiredOption("--from <instant>", "the first tick or before it (ISO 8601)")
    .requiredOption("--to <instant>", "the last tick or after it (ISO 8601)")
    .option("--limit <n>", "refuse to start more runs than this", positive, 100)
    .option("--dry-run", "only show what would be started")
    .addOption(new Option("--overlap <policy>", "accept that the runs overlap").choices(["allow"]))
    .action(async (job, options) => exit(await (await import("./backfill.ts")).backfill(job, options, io)));
  operator(program, "stepdown", "let another replica lead").action(async options =>
    exit(await (await import("./stepdown.ts")).stepdown(options, io)),
  );
  project(program, "history", "the last ticks of a job and how their runs ended")
    .argument("<job>")
    .option("--limit <n>", "how many ticks", positive, 20)
    .option("--json", "print JSON")
    .action(async (job, options) => exit(await (await import("./history.ts")).history(job, options, io)));
  project(program, "audit", "what operators did: who, when and what")
    .option("--limit <n>", "how many actions", positive, 20)
    .option("--json", "print JSON")
    .action(async options => exit(await (await import("./audit.ts")).audit(options, io)));
  addLogs(program, io, exit);
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
  addImport(program, io, exit);
  return program;
}

function addImport(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command("import")
    .description("print a jobs.yaml that does what another scheduler does");
  const exitCodes = "Exit code 1 when something could not be carried over; the rest is printed all the same.";
  command
    .command("crontab")
    .description("from a crontab")
    .argument("<file>", "the crontab, or - for stdin")
    .option("--system", "it has a column with the user, as /etc/crontab (default: what its lines look like)")
    .option("--no-system", "it has none")
    .option("--timezone <zone>", "the zone that cron runs in (default: that of this machine)")
    .option("--queue <queue>", "the queue that the runs go into (default: default)")
    .option("--start <instant>", "when the jobs take over (ISO 8601); they have no ticks before")
    .addHelpText("after", `\n${exitCodes}`)
    .action(async (file, options) =>
      exit(await (await import("./import-crontab.ts")).importCrontabFile(file, options, io)),
    );
  command
    .command("bullmq")
    .description("from the job schedulers and repeatable jobs of a BullMQ or Bull queue; only reads")
    .requiredOption("--redis <url>", "the Redis that the queue is in")
    .requiredOption("--queue <name>", "the queue")
    .option("--prefix <prefix>", "BullMQ's prefix", "bull")
    .option("--timezone <zone>", "the zone of patterns that name none", "UTC")
    .option("--start <instant>", "when the jobs take over (ISO 8601); they have no ticks before")
    .addHelpText("after", `\n${exitCodes}`)
    .action(async options => exit(await (await import("./import-bullmq.ts")).importBullQueue(options, io)));
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

/** A command that acts on the cluster. */
function operator(program: Command, name: string, description: string): Command {
  return project(program, name, description)
    .option("--by <who>", "who acts, for the record (default: user@host)")
    .option("--json", "print JSON");
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError("Expected a whole number from 1 to 999999.");
  return Number(text);
}
