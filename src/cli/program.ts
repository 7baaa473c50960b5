import { Command, CommanderError } from "commander";
import { printableLines } from "../config/document/describe.ts";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import { actionsOf } from "./command.ts";
import { declareCommands } from "./commands.ts";
import { CliFailure, EXIT, exitCodeOf, type Io } from "./io.ts";
import { version } from "./version.ts";

/** Runs one command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.done;
  const exit = (code: number) => {
    exitCode = code;
  };
  const program = createProgram(io);
  try {
    declareCommands(program, actionsOf(io, exit));
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
      // It may have what a handler has thrown, or what another program has answered.
      io.err(`${dashes}${printableLines(error.message)}\n`);
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
