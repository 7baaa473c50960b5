import { pathToFileURL } from "node:url";
import { type DefinedHandler, isDefinedHandler } from "./define-handler.ts";
import type { Handler, Run } from "./handler.ts";

export type ImportOutcome =
  | { readonly outcome: "handler"; readonly handler: Handler }
  /** Its top level has not ended within the limit. */
  | { readonly outcome: "hanging" }
  | { readonly outcome: "threw"; readonly error: unknown }
  | { readonly outcome: "no handler"; readonly found: string };

/** A handler that is a function in a module of the jobs folder. */
class ModuleHandler implements Handler {
  readonly #defined: DefinedHandler;

  constructor(defined: DefinedHandler) {
    this.#defined = defined;
  }

  async handle(data: Record<string, unknown>, run: Run): Promise<unknown> {
    return this.#defined(data, run);
  }
}

/** Imports a module and takes the handler that it exports. Never rejects. */
export async function importHandler(file: string, limitMs: number): Promise<ImportOutcome> {
  const imported = await withinLimit(
    import(pathToFileURL(file).href).then(
      (module: Record<string, unknown>) => ({ outcome: "module", module }) as const,
      (error: unknown) => ({ outcome: "threw", error }) as const,
    ),
    limitMs,
  );
  if (imported === null) return { outcome: "hanging" };
  if (imported.outcome === "threw") return imported;
  const exported = defaultExportOf(imported.module);
  if (isDefinedHandler(exported)) return { outcome: "handler", handler: new ModuleHandler(exported) };
  return { outcome: "no handler", found: describeExports(imported.module, exported) };
}

/** CommonJS that a compiler made of `export default` has the export one level deeper. */
function defaultExportOf(module: Record<string, unknown>): unknown {
  const exported = module["default"];
  const isInterop = typeof exported === "object" && exported !== null && "__esModule" in exported;
  return isInterop && "default" in exported ? exported.default : exported;
}

function describeExports(module: Record<string, unknown>, exported: unknown): string {
  if (typeof exported === "function") return "a default export that is a plain function";
  if (exported !== undefined)
    return `a default export of type ${exported === null ? "null" : typeof exported}`;
  const names = Object.keys(module).filter(name => name !== "default");
  return names.length === 0 ? "no exports" : `no default export, only ${names.join(", ")}`;
}

async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  const over = Promise.withResolvers<null>();
  const timer = setTimeout(() => over.resolve(null), limitMs);
  const first = await Promise.race([work, over.promise]);
  clearTimeout(timer);
  return first;
}
