import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { within } from "../clock/within.ts";
import { nearest } from "../config/nearest.ts";
import { isDefinedHandler, schemaOf } from "./define-handler.ts";
import { FunctionHandler } from "./function-handler.ts";
import { EXTENSIONS, findHandlerFile, listHandlerReferences } from "./handler-files.ts";
import type { HandlerSurroundings, LoadedHandler } from "./handler-kind.ts";
import { explainImportError } from "./import-error.ts";
import { importFrom } from "./own-package.ts";

export interface ModuleRef {
  readonly kind: "module";
  /** Below the jobs directory, without its extension; of a package, what an `import` names. */
  readonly path: string;
  /** The export of a package; absent for a module of the jobs directory, whose default export counts. */
  readonly exported?: string;
}

/** Finds, imports and checks a module. */
export async function loadModule(
  { path: reference, exported }: ModuleRef,
  { jobsDir, importLimitMs }: HandlerSurroundings,
): Promise<LoadedHandler> {
  if (exported !== undefined) {
    const load = () => importFrom(jobsDir, reference);
    return importHandler({ load, shown: reference, file: null, exported }, importLimitMs);
  }
  const found = findHandlerFile(jobsDir, reference);
  switch (found.outcome) {
    case "outside":
      return {
        problem: `handler "${reference}" is not below ${shorten(jobsDir)}/: name the file's path from there`,
      };
    case "missing":
      return { problem: explainMissing(jobsDir, reference) };
    case "several":
      return {
        problem: `handler "${reference}" could be ${found.files.map(shorten).join(" or ")}: keep one of them`,
      };
    case "found":
      return importHandler(
        {
          load: () => import(pathToFileURL(found.file).href),
          shown: shorten(found.file),
          file: found.file,
          exported: "default",
        },
        importLimitMs,
      );
  }
}

function explainMissing(jobsDir: string, reference: string): string {
  if (!existsSync(jobsDir))
    return `the jobs folder ${shorten(jobsDir)} does not exist, so handler "${reference}" is not in it`;
  const [first, ...others] = EXTENSIONS;
  const expected = `${shorten(path.join(jobsDir, reference))}${first} (or ${others.join(", ")})`;
  const extension = EXTENSIONS.find(ending => reference.endsWith(ending));
  if (extension)
    return `there is no ${expected}: leave the extension ${extension} out of handler "${reference}"`;
  const near = nearest(reference, listHandlerReferences(jobsDir));
  return `there is no ${expected}${near === null ? "" : `; did you mean handler: ${near}?`}`;
}

interface Source {
  load(): Promise<Record<string, unknown>>;
  /** What people call the module. */
  readonly shown: string;
  /** Null for a package. */
  readonly file: string | null;
  readonly exported: string;
}

const loading = new Set<string>();

/** What people call the modules whose import has not settled. */
export function modulesBeingLoaded(): readonly string[] {
  return [...loading];
}

/** Imports a module and takes the handler that it exports. */
async function importHandler(
  { load, shown, file, exported: name }: Source,
  limitMs: number,
): Promise<LoadedHandler> {
  loading.add(shown);
  const imported = await within(
    load()
      .then(
        (module: Record<string, unknown>) => ({ module }),
        (error: unknown) => ({ error }),
      )
      .finally(() => loading.delete(shown)),
    limitMs,
    null,
  );
  if (imported === null) {
    return {
      problem: `${shown} did not finish loading within ${limitMs} ms: a top-level await does not settle; move it into the handler`,
    };
  }
  if ("error" in imported) {
    return {
      problem: `${shown} cannot be loaded: ${await explainImportError(imported.error, file, shorten)}`,
    };
  }
  const exported = name === "default" ? defaultExportOf(imported.module) : imported.module[name];
  if (isDefinedHandler(exported)) {
    return { handler: new FunctionHandler({ run: exported, schema: schemaOf(exported) }) };
  }
  return {
    problem: `${shown} has ${describeExports(imported.module, name, exported)}; expected export ${name === "default" ? name : `const ${name} =`} defineHandler(async (data, run) => …), with defineHandler from "bellwether"`,
  };
}

/** CommonJS that a compiler made of `export default` has the export one level deeper. */
function defaultExportOf(module: Record<string, unknown>): unknown {
  const exported = module["default"];
  const isInterop = typeof exported === "object" && exported !== null && "__esModule" in exported;
  return isInterop && "default" in exported ? exported.default : exported;
}

function describeExports(module: Record<string, unknown>, wanted: string, exported: unknown): string {
  const what = wanted === "default" ? "default export" : `export ${wanted}`;
  const article = wanted === "default" ? "a" : "an";
  if (typeof exported === "function") return `${article} ${what} that is a plain function`;
  if (exported !== undefined)
    return `${article} ${what} of type ${exported === null ? "null" : typeof exported}`;
  const names = Object.keys(module).filter(name => name !== wanted && name !== "module.exports");
  return names.length === 0 ? "no exports" : `no ${what}, only ${names.join(", ")}`;
}

/** Relative to the working folder where it is below, as people see it. */
function shorten(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative === "" || relative.startsWith("..") ? file : relative;
}
