/** The package.json of a project that `bellwether init` is added to. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { codeOf, messageOf } from "../../errors.ts";
import { CliFailure, EXIT } from "../io.ts";

interface Manifest {
  readonly [key: string]: unknown;
  readonly type?: string;
}

export interface ExistingPackage {
  readonly text: string;
  readonly manifest: Manifest;
}

/** What was added to package.json, and what was there already; as `scripts.start`. */
export interface ManifestChange {
  readonly added: readonly string[];
  readonly left: readonly string[];
}

/** Null where there is no package.json. Throws a CliFailure for one that cannot be read. */
export async function readPackage(root: string, shown: string): Promise<ExistingPackage | null> {
  const file = path.join(root, "package.json");
  try {
    const text = await readFile(file, "utf8");
    return { text, manifest: JSON.parse(text) };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    const at = path.join(shown, "package.json");
    throw new CliFailure(`cannot read ${at}: ${messageOf(error)}; nothing was written`, EXIT.usage);
  }
}

/** Adds the scripts and the dependency where they are missing; all else stays as it is, the indentation too. */
export async function addToPackage(
  root: string,
  { text, manifest }: ExistingPackage,
  scripts: Readonly<Record<string, string>>,
  dependency: string,
): Promise<ManifestChange> {
  const before = sectionOf(manifest, "scripts");
  const isThere = (name: string) => Object.hasOwn(before, name);
  const missing = Object.entries(scripts).filter(([name]) => !isThere(name));
  const section = ["dependencies", "devDependencies"].find(name =>
    Object.hasOwn(sectionOf(manifest, name), "bellwether"),
  );
  const change = {
    added: missing.map(([name]) => `scripts.${name}`),
    left: Object.keys(scripts)
      .filter(isThere)
      .map(name => `scripts.${name}`),
  };
  const dependencies = { ...sectionOf(manifest, "dependencies"), bellwether: dependency };
  const written = {
    ...manifest,
    scripts: { ...before, ...Object.fromEntries(missing) },
    ...(section === undefined && { dependencies }),
  };
  await replaceFile(path.join(root, "package.json"), stringifyLike(text, written));
  return section === undefined
    ? { ...change, added: [...change.added, "dependencies.bellwether"] }
    : { ...change, left: [...change.left, `${section}.bellwether`] };
}

function sectionOf(manifest: Manifest, name: string): Readonly<Record<string, unknown>> {
  return Object(manifest[name]);
}

function stringifyLike(text: string, value: unknown): string {
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? 2;
  return `${JSON.stringify(value, null, indent)}${text.endsWith("\n") ? "\n" : ""}`;
}

/** Whole or not at all. */
async function replaceFile(file: string, content: string): Promise<void> {
  const draft = `${file}.bellwether-draft`;
  try {
    await writeFile(draft, content);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw new CliFailure(`cannot write ${file}: ${messageOf(error)}; it is as it was`);
  }
}
