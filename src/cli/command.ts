import { type Command, InvalidArgumentError } from "commander";
import type { Io } from "./io.ts";

/** Makes an action of a function that gets the arguments, the options and `io`, and returns the exit code. */
export type Does = (
  act: (...given: never[]) => number | Promise<number>,
) => (...given: unknown[]) => Promise<void>;

/** The file of a command. It is loaded when the command is called. */
interface CommandFile {
  /** Adds arguments, options and the action. */
  declareCommand(command: Command, does: Does): void;
}

/** A command as the list of commands shows it before its file is loaded: `pause [options] <job>`. */
export type ListedCommand = readonly [
  usage: string,
  description: string,
  load: () => CommandFile | Promise<CommandFile>,
];

/** The exit code goes to `exit`. */
export function actionsOf(io: Io, exit: (code: number) => void): Does {
  return act =>
    async (...given) => {
      const call = act as (...given: unknown[]) => number | Promise<number>;
      // Commander adds the command itself.
      exit(await call(...given.slice(0, -1), io));
    };
}

/** What every command takes that reads the project. */
export function projectOptions(command: Command): Command {
  return command
    .option("--config <dir>", "the folder of bellwether.yaml and jobs.yaml", "./config")
    .option(
      "--jobs <dir>",
      "the folder of the handlers (default: jobs beside the config folder, else ./jobs)",
    );
}

/** What every command takes that acts on the cluster. */
export function operatorOptions(command: Command): Command {
  return projectOptions(command)
    .option("--by <who>", "who acts, for the record (default: user@host)")
    .option("--json", "print JSON");
}

export function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError("Expected a whole number from 1 to 999999.");
  return Number(text);
}
