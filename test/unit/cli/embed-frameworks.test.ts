import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { FRAMEWORKS } from "../../../src/cli/init/embed/frameworks.ts";

it.each(Object.entries(FRAMEWORKS))(
  "%s comes in the versions of this checkout, where it has them",
  async (_, { dependencies, devDependencies }) => {
    const manifest = await readFile(path.resolve(import.meta.dirname, "../../../package.json"), "utf8");
    const own = JSON.parse(manifest);
    const ours: Readonly<Record<string, string>> = { ...own.dependencies, ...own.devDependencies };
    const wanted = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([name]) => ours[name] !== undefined,
    );
    expect(wanted.length).toBeGreaterThan(1);
    expect(wanted).toEqual(wanted.map(([name]) => [name, `^${ours[name]}`]));
  },
);
