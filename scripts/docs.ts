/** `npm run docs`: writes the settings into docs/configuration.md, from the schema that checks them. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { withTables } from "./docs/generated-part.ts";

const FILE = path.resolve(import.meta.dirname, "../docs/configuration.md");

await writeFile(FILE, withTables(await readFile(FILE, "utf8")));
