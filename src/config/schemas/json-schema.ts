import { z } from "zod";
import { calendarSchema, defaultsSchema, jobSchema, jobsFile } from "./job-schema.ts";
import { bellwetherSchema } from "./schema.ts";

export type ConfigFile = "bellwether" | "jobs";
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (draft 2020-12) of one configuration file, from the same definition that validates it. */
export function configSchema(file: ConfigFile): JsonSchema {
  const schema =
    file === "jobs"
      ? jobsFile({ defaults: defaultsSchema, calendar: calendarSchema, job: jobSchema })
      : bellwetherSchema;
  const generated = z.toJSONSchema(schema, { io: "input", override: keepDefault });
  return allowReferences(generated as JsonSchema) as JsonSchema;
}

/** Zod leaves out the default of what it transforms, as it would be one of the output; ours are as they are written. */
function keepDefault({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: JsonSchema;
}): void {
  const written = z.globalRegistry.get(zodSchema)?.["default"];
  if (written !== undefined) jsonSchema.default = written as NonNullable<JsonSchema["default"]>;
}

const REFERENCE = { type: "string", pattern: String.raw`\$\{` };
/** Besides the type there is something that `${NAME}` as such does not fulfil. */
const CONSTRAINTS = ["pattern", "enum", "const", "format"];

/** Lets every value that is not free text also be a text with a `${NAME}` reference. */
function allowReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowReferences);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [
    key,
    isLiteral(key) ? value : allowReferences(value),
  ]);
  const schema = Object.fromEntries(entries) as Record<string, unknown>;
  const isScalar = ["string", "number", "integer", "boolean"].includes(String(schema["type"]));
  const isConstrained = schema["type"] !== "string" || CONSTRAINTS.some(key => key in schema);
  if (!isScalar || !isConstrained) return schema;
  const { title, description, default: fallback, ...constraints } = schema;
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [constraints, REFERENCE],
  };
}

/** Holds values or names, not schemas. `propertyNames` are keys, where references are not read. */
function isLiteral(key: string): boolean {
  return ["default", "enum", "const", "required", "propertyNames"].includes(key);
}

/** The keys that are known at a path of a file: of a section, not of a mapping with free names. */
export function keysAt(file: ConfigFile, path: readonly (string | number)[]): string[] {
  let nodes: JsonSchema[] = [schemaOf(file)];
  for (const part of path) {
    nodes = nodes.flatMap(node => alternatives(node)).flatMap(node => childOf(node, part));
  }
  return nodes.flatMap(alternatives).flatMap(node => {
    return Object.entries(node.properties ?? {}).flatMap(([key, value]) =>
      typeof value === "object" && value.not === undefined && key !== "$schema" ? [key] : [],
    );
  });
}

const generated = new Map<ConfigFile, JsonSchema>();

function schemaOf(file: ConfigFile): JsonSchema {
  const schema = generated.get(file) ?? configSchema(file);
  generated.set(file, schema);
  return schema;
}

function alternatives(node: JsonSchema): JsonSchema[] {
  return node.anyOf ? (node.anyOf as JsonSchema[]).flatMap(alternatives) : [node];
}

function childOf(node: JsonSchema, part: string | number): JsonSchema[] {
  const { items, properties, additionalProperties } = node;
  const child = typeof part === "number" ? items : (properties?.[part] ?? additionalProperties);
  return typeof child === "object" && !Array.isArray(child) ? [child as JsonSchema] : [];
}
