import { Command, CommanderError, Help, Option } from "commander";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import { actionsOf, type Does, type ListedCommand, positive, projectOptions } from "./command.ts";
import type { DevOptions } from "./dev.ts";
import { CliFailure, EXIT, exitCodeOf, type Io } from "./io.ts";
import type { RunOptions } from "./run.ts";
import { version } from "./version.ts";

/** In the order of the help. Each file is loaded when its command is called: loading takes most of a command line's time. */
const COMMANDS: readonly ListedCommand[] = [
  ["run [options]", "one replica, until SIGTERM", () => ({ declareCommand: declareRun })],
  [
    "dev [options]",
    "a private Redis and several replicas on it, with readable logs",
    () => ({ declareCommand: declareDev }),
  ],
  ["check [options]", "validate the configuration and the handlers", () => import("./check.ts")],
  [
    "next [options] [job]",
    "the coming ticks of a job, or of all; needs no server",
    () => import("./next.ts"),
  ],
  ["explain [options] <job>", "a job's schedule in words; needs no server", () => import("./explain.ts")],
  ["status [options]", "who leads, the replicas, each job's last and next tick", () => import("./status.ts")],
  ["trigger [options] <job>", "start a run of a job now, beside its schedule", () => import("./trigger.ts")],
  ["pause [options] [job]", "launch no tick of a job until it is resumed", () => import("./pause.ts")],
  [
    "resume [options] [job]",
    "launch a paused job's ticks again; its catchUp policy says which late ones",
    () => import("./resume.ts"),
  ],
  [
    "skip-next [options] <job>",
    "skip a job's next tick; called again, the one after it too",
    () => import("./skip-next.ts"),
  ],
  [
    "backfill [options] <job>",
    "start a run for each tick of a job in a range of the past, all or none",
    () => import("./backfill.ts"),
  ],
  ["stepdown [options]", "let another replica lead", () => import("./stepdown.ts")],
  [
    "history [options] <job>",
    "the last ticks of a job and how their runs ended",
    () => import("./history.ts"),
  ],
  ["audit [options]", "what operators did: who, when and what", () => import("./audit.ts")],
  [
    "logs [options] [file...]",
    "merge the logs of several replicas into readable lines, or show the handoffs in them",
    () => import("./logs.ts"),
  ],
  ["schema [file]", "JSON Schema of a config file, for editors", () => import("./schema.ts")],
  [
    "init [options] <dir>",
    "write a small working project: configuration, one handler, Dockerfile, package.json",
    () => import("./init.ts"),
  ],
  ["import", "print a jobs.yaml that does what another scheduler does", () => import("./import.ts")],
];

/** Runs one command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.done;
  const exit = (code: number) => {
    exitCode = code;
  };
  const program = createProgram(io);
  try {
    await addCommands(program, argv, actionsOf(io, exit));
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
      // The command line's names of arguments have dashes.
      const dashes = isBellwetherError(error, "BW_ARGUMENT_INVALID") ? "--" : "";
      io.err(`${dashes}${error.message}\n`);
      return exitCodeOf(error);
    }
    throw error;
  }
}

function createProgram(io: Io): Command {
  return new Command("bellwether")
    .description("Cron for replicated Node.js workers: one elected leader launches, every replica runs.")
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: text => io.out(text), writeErr: text => io.err(text) })
    .showSuggestionAfterError()
    .helpCommand(true);
}

/** All commands by name, and the options of those that the command line may mean. */
async function addCommands(program: Command, argv: readonly string[], does: Does): Promise<void> {
  const usages = new Map<Command, string>();
  program.configureHelp({
    subcommandTerm: command => usages.get(command) ?? new Help().subcommandTerm(command),
  });
  for (const [usage, description, load] of COMMANDS) {
    const [name = ""] = usage.split(" ");
    const command = program.command(name).description(description);
    usages.set(command, usage);
    if (argv.includes(name)) (await load()).declareCommand(command, does);
  }
}

function declareRun(command: Command, does: Does): void {
  projectOptions(command)
    .addOption(new Option("--roles <roles>", "what it does").default("scheduler,worker"))
    .option("--id <id>", "name in logs, made unique per process (default: the host name)")
    .addOption(
      new Option("--log <form>", "JSON, or lines for people (default: text on a terminal)").choices([
        "json",
        "text",
      ]),
    )
    .action(does(async (options: RunOptions, io: Io) => (await import("./run.ts")).run(options, io)));
}

function declareDev(command: Command, does: Does): void {
  projectOptions(command)
    .option("--replicas <n>", "how many", positive, 3)
    .action(does(async (options: DevOptions, io: Io) => (await import("./dev.ts")).dev(options, io)));
}
