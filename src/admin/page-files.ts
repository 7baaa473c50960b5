import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

/** A file of the dashboard, as a browser gets it. */
export interface PageFile {
  /** Below `assets/<hash>/`. */
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
}

export interface PageFiles {
  /** Of everything: a changed file gives all of them new addresses. */
  readonly hash: string;
  readonly files: ReadonlyMap<string, PageFile>;
  /** The file of each bare import. */
  readonly imports: Readonly<Record<string, string>>;
  readonly main: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".ts": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** By its bare import, the ES module of each library of the page. The build copies them beside the page. */
const LIBRARIES = z.record(z.string(), z.string());

/**
 * Reads the dashboard: what the build emitted or, in a checkout, the TypeScript itself without its types. Null where it is
 * not beside this module, as in a bundle.
 */
export async function readPageFiles(): Promise<PageFiles | null> {
  const folder = path.join(import.meta.dirname, "../dashboard");
  const main = ["main.js", "main.ts"].find(name => existsSync(path.join(folder, name)));
  if (main === undefined) return null;
  const names = await readdir(folder, { recursive: true });
  const own = names
    .map(name => name.replaceAll(path.sep, "/"))
    .filter(name => path.extname(name) in TYPES && !name.endsWith(".d.ts"));
  const libraries = LIBRARIES.parse(JSON.parse(await readFile(path.join(folder, "libraries.json"), "utf8")));
  const imports = Object.fromEntries(Object.keys(libraries).map(bare => [bare, nameOfLibrary(bare)]));
  const elsewhere = Object.entries(libraries).filter(([bare]) => !own.includes(nameOfLibrary(bare)));
  const all = await Promise.all([
    ...own.toSorted().map(name => readOwn(folder, name)),
    ...elsewhere.map(([bare, place]) => readLibrary(bare, place)),
  ]);
  return { hash: hashOf(all), files: new Map(all.map(file => [file.name, file])), imports, main };
}

function nameOfLibrary(bare: string): string {
  return `lib/${bare.replace(/^@/, "").replaceAll("/", "-")}.js`;
}

async function readOwn(folder: string, name: string): Promise<PageFile> {
  const body = await readFile(path.join(folder, name));
  const type = TYPES[path.extname(name)] ?? "";
  if (name.endsWith(".ts")) return { name, type, body: await withoutTypes(body) };
  return { name, type, body: name.endsWith(".js") ? withoutIndentation(body) : body };
}

/**
 * Smaller without a minifier: the build has removed the comments, and this removes what lines begin with, and the line breaks
 * between two tags. The only strings over several lines are templates of htm, which ignores white space around line breaks.
 */
export function withoutIndentation(script: Buffer): Buffer {
  return Buffer.from(
    script
      .toString()
      .replace(/^[ \t]+/gm, "")
      .replace(/([>}])\n(?=<|\$\{)/g, "$1"),
  );
}

/** In a checkout, which has the packages. */
async function readLibrary(bare: string, place: string): Promise<PageFile> {
  // Not at the top: some runtimes do not have it, and they can do without the page.
  const { findPackageJSON } = await import("node:module");
  const [, name = "", file = ""] = /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(place) ?? [];
  const manifest = findPackageJSON(name, import.meta.url);
  if (manifest === undefined) throw new Error(`the package ${name} is not installed`);
  const text = await readFile(path.join(path.dirname(manifest), file), "utf8");
  // The source map is not served.
  const body = Buffer.from(text.replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n"));
  return { name: nameOfLibrary(bare), type: TYPES[".js"] ?? "", body };
}

/** Only in a checkout, so that other runtimes, which have no such function, need none for what is published. */
async function withoutTypes(source: Buffer): Promise<Buffer> {
  const { stripTypeScriptTypes } = await import("node:module");
  const { emitWarning } = process;
  // It warns that it is experimental, once, into what operators read.
  process.emitWarning = () => undefined;
  try {
    return Buffer.from(stripTypeScriptTypes(source.toString()));
  } finally {
    process.emitWarning = emitWarning;
  }
}

function hashOf(files: readonly PageFile[]): string {
  const hash = createHash("sha256");
  for (const { name, body } of files) hash.update(name).update("\0").update(body).update("\0");
  return hash.digest("base64url").slice(0, 16);
}
