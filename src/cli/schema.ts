import type { Command } from "commander";
import { configSchema } from "../config/schemas/json-schema.ts";
import type { Does } from "./command.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export function declareCommand(command: Command, does: Does): void {
  command.argument("[file]", "bellwether or jobs", "jobs").action(does(schema));
}

/** Prints the JSON Schema of one config file, for editors. */
function schema(file: string, _: object, io: Io): number {
  if (file !== "bellwether" && file !== "jobs") {
    throw new CliFailure(`schema ${file}: expected bellwether or jobs`, EXIT.usage);
  }
  io.out(`${JSON.stringify(configSchema(file), null, 2)}\n`);
  return EXIT.done;
}
