import { configSchema } from "../config/schemas/json-schema.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

/** Prints the JSON Schema of one config file, for editors. */
export function schema(file: string, _: object, io: Io): number {
  if (file !== "bellwether" && file !== "jobs") {
    throw new CliFailure(`schema ${file}: expected bellwether or jobs`, EXIT.usage);
  }
  io.out(`${JSON.stringify(configSchema(file), null, 2)}\n`);
  return EXIT.done;
}
