import { configSchema } from "../config/schemas/json-schema.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

/** Prints the JSON Schema of one config file, for editors, or the OpenAPI document of the HTTP API. */
export async function schema(file: string, _: object, io: Io): Promise<number> {
  io.out(`${JSON.stringify(await schemaOf(file), null, 2)}\n`);
  return EXIT.done;
}

async function schemaOf(file: string): Promise<object> {
  if (file === "bellwether" || file === "jobs") return configSchema(file);
  if (file !== "api") throw new CliFailure(`schema ${file}: expected bellwether, jobs or api`, EXIT.usage);
  const { openApiDocument } = await import("../admin/openapi-document.ts");
  return await openApiDocument();
}
