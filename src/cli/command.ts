import { type Command, InvalidArgumentError } from "commander";
import type { Io } from "./io.ts";

/** What a command does: it gets the arguments, the options and `io`, and returns the exit code. */
type Act = (...given: never[]) => number | Promise<number>;

/** Makes an action of what a command does, which is loaded when the command is called. */
export type Does = (load: () => Promise<Act>) => (...given: unknown[]) => Promise<void>;

/** The exit code goes to `exit`. */
export function actionsOf(io: Io, exit: (code: number) => void): Does {
  return load =>
    async (...given) => {
      const act = (await load()) as (...given: unknown[]) => number | Promise<number>;
      // Commander adds the command itself.
      exit(await act(...given.slice(0, -1), io));
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

/** What every command takes that can ask the HTTP API instead of Redis. */
export function clusterOptions(command: Command): Command {
  return projectOptions(command)
    .option("--url <url>", "ask the HTTP API at this address (that of the dashboard), not Redis")
    .option("--token <token>", "a token for it (default: BELLWETHER_TOKEN)");
}

/** What every command takes that acts on the cluster. */
export function operatorOptions(command: Command): Command {
  return clusterOptions(command)
    .option("--by <who>", "who acts, for the record (default: user@host)")
    .option("--json", "print JSON");
}

export function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError("Expected a whole number from 1 to 999999.");
  return Number(text);
}

export function seconds(text: string): number {
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(text))
    throw new InvalidArgumentError("Expected seconds, like 90 or 0.5.");
  return Number(text);
}
