import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { withTables } from "../../../scripts/docs/generated-part.ts";
import { settingsOf } from "../../../scripts/docs/settings.ts";
import { configSchema } from "../../../src/config/schemas/json-schema.ts";

describe("docs/configuration.md", () => {
  it("has the tables that `npm run docs` writes", async () => {
    const file = path.resolve(import.meta.dirname, "../../../docs/configuration.md");
    const page = await readFile(file, "utf8");
    expect(page).toBe(withTables(page));
  });

  it.each(["bellwether", "jobs"] as const)("says what each key of %s takes and means", file => {
    const settings = settingsOf(configSchema(file));
    const silent = settings.filter(
      ({ type, meaning }) => type === "" || type === "anything" || meaning === "",
    );
    expect(silent.map(({ key }) => key)).toEqual(file === "jobs" ? ["jobs.NAME.http.body"] : []);
  });

  it("says how long durations may be", () => {
    const settings = settingsOf(configSchema("jobs"));
    expect(settings.find(({ key }) => key === "jobs.NAME.catchUpWindow")).toMatchObject({
      type: "a duration from 0s to 366d",
      fallback: "1h",
    });
  });
});
