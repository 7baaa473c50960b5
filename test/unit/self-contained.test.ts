import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Climbs by this many folders at the start of a path. */
const CLIMB = /(?<![\w.*])(?:\.\.\/)+(?=[\w@.-])/g;
/** A climb out of what a variable or a constant names as the root, in JavaScript and in shell. */
const CLIMB_FROM_ROOT = /\broot\b[)}]*(?:\s*,\s*["'`]|["']?\/)\.\.\//gi;

/** A folder that used to be beside the repository; none inside has this name. */
const FORMER_NEIGHBOUR = /\.\.\/shared\b/g;

/** A design text that was never in the repository. */
const FORMER_DESIGN = /\bDESIG[N]\b/g;

/** The mentions in a file of what is beside the repository. `file` is relative to the root. */
function findOutside(file: string, text: string): string[] {
  const depth = file.split("/").length - 1;
  const climbs = [...text.matchAll(CLIMB)].filter(([climb]) => climb.length / "../".length > depth);
  const found = [
    ...climbs,
    ...text.matchAll(CLIMB_FROM_ROOT),
    ...text.matchAll(FORMER_NEIGHBOUR),
    ...text.matchAll(FORMER_DESIGN),
  ];
  const lines = new Set(found.map(({ index }) => text.slice(0, index).split("\n").length));
  return [...lines].map(line => `${file}:${line} ${text.split("\n")[line - 1]?.trim()}`);
}

/** All files, but those that .gitignore names as folders, and git's own. */
async function filesOfTheRepository(): Promise<string[]> {
  const ignored = (await readFile(path.join(ROOT, ".gitignore"), "utf8")).split("\n");
  const folders = ignored.filter(line => line.endsWith("/")).map(line => line.slice(0, -1));
  const isIgnored = (file: string) => file.split(path.sep).some(part => folders.includes(part));
  const entries = await Promise.all(
    (await readdir(ROOT, { withFileTypes: true }))
      .filter(({ name }) => name !== ".git" && !folders.includes(name))
      .map(async entry => {
        if (entry.isFile()) return [entry.name];
        const below = await readdir(path.join(ROOT, entry.name), { recursive: true, withFileTypes: true });
        return below
          .filter(file => file.isFile())
          .map(file => path.relative(ROOT, path.join(file.parentPath, file.name)))
          .filter(file => !isIgnored(file));
      }),
  );
  return entries.flat();
}

/** Patterns for specifiers of imports, which Biome resolves from the importing file. */
const PATTERNS_OF_IMPORTS = "biome.imports.jsonc";

describe("the repository", () => {
  it("names no file beside it", async () => {
    const files = (await filesOfTheRepository()).filter(file => file !== PATTERNS_OF_IMPORTS);
    expect(files.length).toBeGreaterThan(300);
    const texts = await Promise.all(
      files.map(async file => findOutside(file, await readFile(path.join(ROOT, file), "utf8"))),
    );
    expect(texts.flat()).toEqual([]);
  });
});

describe("the search for files beside the repository", () => {
  const up = "../";

  it.each([
    ["README.md", `see ${up}tools/x`],
    ["docs/a.md", `[tool](${up}${up}tools)`],
    ["scripts/setup/a.mjs", `join(root, "${up}tools/x")`],
    ["test/a.ts", `path.resolve(ROOT, '${up}tools')`],
    ["deploy/image/a", `cp "$root/${up}tools" .`],
    ["test/deploy/a.ts", `have ${up}shared/tools beside this project`],
    ["deploy/image/a", `cp "$root"/${up}tools .`],
    ["src/a.ts", `/** Exactly once (${"DESIG"}N, section 5). */`],
  ])("finds it in %s: %s", (file, text) => {
    expect(findOutside(file, `\n${text}\n`)).toEqual([`${file}:2 ${text}`]);
  });

  it.each([
    ["docs/a.md", `[README](${up}README.md)`],
    ["test/unit/a.ts", `import "${up}${up}src/a.ts"`],
    ["src/a.ts", "an ellipsis .../x"],
  ])("leaves what is inside: %s: %s", (file, text) => {
    expect(findOutside(file, text)).toEqual([]);
  });
});
