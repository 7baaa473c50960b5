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

/** What a package needs, by name. */
export interface ManifestParts {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Adds the scripts and dependencies where they are missing; all else stays as it is, the indentation too. */
export async function addToPackage(
  root: string,
  { text, manifest }: ExistingPackage,
  wanted: ManifestParts,
): Promise<ManifestChange> {
  const scripts = addition(manifest, wanted.scripts, "scripts", ["scripts"]);
  const dependencies = addition(manifest, wanted.dependencies, "dependencies", INSTALLED);
  const written = { ...manifest, ...scripts.section, ...dependencies.section };
  await replaceFile(path.join(root, "package.json"), stringifyLike(text, written));
  return {
    added: [...scripts.added, ...dependencies.added],
    left: [...scripts.left, ...dependencies.left],
  };
}

/** Where a package may have what it depends on. */
const INSTALLED = ["dependencies", "devDependencies", "peerDependencies"];

/** What of `wanted` none of the sections has goes into the section `to`, which is absent where nothing does. */
function addition(
  manifest: Manifest,
  wanted: Readonly<Record<string, string>>,
  to: string,
  sections: readonly string[],
): ManifestChange & { readonly section: Manifest } {
  const holderOf = (name: string) =>
    sections.find(section => Object.hasOwn(sectionOf(manifest, section), name));
  const missing = Object.entries(wanted).filter(([name]) => holderOf(name) === undefined);
  const section = { ...sectionOf(manifest, to), ...Object.fromEntries(missing) };
  return {
    section: missing.length === 0 ? {} : { [to]: section },
    added: missing.map(([name]) => `${to}.${name}`),
    left: Object.keys(wanted).flatMap(name => {
      const holder = holderOf(name);
      return holder === undefined ? [] : [`${holder}.${name}`];
    }),
  };
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
