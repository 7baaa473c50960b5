import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { type ConfigFile, configSchema, type JsonSchema } from "../../../src/config/schemas/json-schema.ts";

const EXAMPLE = path.resolve(import.meta.dirname, "../../../config");
const FILES: readonly ConfigFile[] = ["bellwether", "jobs"];

/** Every schema of a key in a JSON Schema, with its path. */
function* keysOf(node: JsonSchema, at = ""): Generator<[string, JsonSchema]> {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    if (typeof child !== "object") continue;
    yield [`${at}.${key}`, child as JsonSchema];
    yield* keysOf(child as JsonSchema, `${at}.${key}`);
  }
  for (const child of [node.items, node.additionalProperties, ...(node.anyOf ?? [])]) {
    if (typeof child === "object" && !Array.isArray(child)) yield* keysOf(child as JsonSchema, `${at}[]`);
  }
}

describe("the JSON Schema of a config file", () => {
  it.each(FILES)("stands in config/schema as it is generated: %s", async file => {
    const written = await readFile(path.join(EXAMPLE, "schema", `${file}.schema.json`), "utf8");
    expect(JSON.parse(written)).toEqual(configSchema(file));
  });

  it.each(FILES)("is draft 2020-12 and refuses unknown keys: %s", file => {
    expect(configSchema(file)).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      additionalProperties: false,
    });
  });

  it.each(FILES)("describes every key: %s", file => {
    const silent = [...keysOf(configSchema(file))].filter(([, schema]) => !schema.description);
    expect(silent.map(([key]) => key)).toEqual([]);
  });

  it.each(FILES)("lets a reference stand for every value that is not a free text: %s", file => {
    const strict = [...keysOf(configSchema(file))].filter(([, { type, pattern, enum: values }]) => {
      return ["integer", "number", "boolean"].includes(String(type)) || pattern !== undefined || values;
    });
    expect(strict.map(([key]) => key)).toEqual([]);
  });
});

describe("the example project", () => {
  it("is valid", async () => {
    const result = await loadConfig({ configDir: EXAMPLE, env: {} });
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });
});
