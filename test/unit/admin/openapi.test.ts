import { readFile } from "node:fs/promises";
import path from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { openApiDocument } from "../../../src/admin/openapi-document.ts";

const FILE = path.resolve(import.meta.dirname, "../../../config/schema/openapi.json");

test("config/schema/openapi.json is what the routes are: node src/main.ts schema api > it", async () => {
  const written = JSON.parse(await readFile(FILE, "utf8"));
  expect(written).toEqual(JSON.parse(JSON.stringify(await openApiDocument())));
});

test("OpenAPI has nothing that a linter finds", async () => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const source = await readFile(FILE, "utf8");
  const problems = await lintFromString({ source, absoluteRef: FILE, config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
});
