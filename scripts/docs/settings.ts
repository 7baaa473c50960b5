import type { JsonSchema } from "../../src/config/schemas/json-schema.ts";

/** One key of a configuration file. */
export interface Setting {
  /** `redis.sentinel.nodes`, `queues.NAME.concurrency`, `admin.tokens[].role`. */
  readonly key: string;
  /** What may stand there. */
  readonly type: string;
  /** As it would be written; null where there is none. */
  readonly fallback: string | null;
  readonly isRequired: boolean;
  readonly meaning: string;
}

/** All keys of a schema in its order, each before those inside of it. */
export function settingsOf(schema: JsonSchema, prefix = ""): Setting[] {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const child = value as JsonSchema;
    const key = `${prefix}${name}`;
    const isWithdrawn = name === "$schema" || child.not !== undefined;
    return isWithdrawn ? [] : [settingOf(key, child, required.includes(name)), ...within(key, child)];
  });
}

/** The keys inside of a mapping, of the mappings in a list, and of those that a choice leaves. */
function within(key: string, schema: JsonSchema): Setting[] {
  const { items, additionalProperties: free, anyOf = [] } = schema;
  return [
    ...settingsOf(schema, `${key}.`),
    ...(isSchema(items) ? within(`${key}[]`, items) : []),
    ...(isSchema(free) ? named(`${key}.NAME`, free) : []),
    ...anyOf.flatMap(branch => within(key, branch as JsonSchema)),
  ];
}

/** What has a name of the user's own. */
function named(key: string, schema: JsonSchema): Setting[] {
  const own = schema.description === undefined ? [] : [settingOf(key, schema, false)];
  return [...own, ...within(key, schema)];
}

function settingOf(key: string, schema: JsonSchema, isRequired: boolean): Setting {
  const { default: fallback, description = "" } = schema;
  const isShown = fallback !== undefined && !(isSchema(fallback) && Object.keys(fallback).length === 0);
  return {
    key,
    type: typeOf(schema),
    fallback: isShown ? writtenAs(fallback) : null,
    isRequired,
    meaning: description,
  };
}

function writtenAs(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function typeOf(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.enum) return listed(schema.enum.map(value => `\`${value}\``));
  if (schema.const !== undefined) return `\`${schema.const}\``;
  // A text with a reference may replace every value; that is said once, and not with each key.
  const branches = (schema.anyOf ?? [])
    .map(branch => branch as JsonSchema)
    .filter(branch => !isReference(branch));
  if (branches.length > 0) return listed([...new Set(branches.map(typeOf))].sort(literalsLast));
  if (schema.type === "boolean") return "`true` or `false`";
  if (schema.type === "array")
    return isSchema(schema.items) ? `a list; each item: ${typeOf(schema.items)}` : "a list";
  if (schema.type === "object") return "a mapping";
  return schema.type === "string" ? "a text" : "anything";
}

function isReference({ type, pattern }: JsonSchema): boolean {
  return type === "string" && pattern === String.raw`\$\{`;
}

/** `a mapping or false`, as people say it. */
function literalsLast(a: string, b: string): number {
  return Number(a.startsWith("`")) - Number(b.startsWith("`"));
}

function listed(words: readonly string[]): string {
  const or = words.some(word => word.includes(",")) ? "; or" : " or";
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")}${or} ${words.at(-1)}`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
