// Not by name: an older Node.js without the function could not even say that it is too old (supported-node.ts).
import nodeModule from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const PACKAGE = "bellwether";

/**
 * The package's entry beside this very file: `src/index.ts` in a checkout, `dist/index.js` when installed. Null in a bundle,
 * which is another file, or one that knows no URL of its own (CommonJS).
 */
const [, EXTENSION] = /\/own-package(\.[jt]s)$/.exec(String(import.meta.url)) ?? [];
const ENTRY = EXTENSION === undefined ? null : new URL(`../index${EXTENSION}`, import.meta.url).href;

/** Before the URL of a folder, `#` and what is imported as if from a module in that folder. */
const FROM = "bellwether-import-from:";

let isRegistered = false;

/**
 * From now on `import … from "bellwether"` is, in the whole process, the package that is running. A jobs folder
 * then works where no node_modules of its own is: in this checkout, which is not built, and in an image that has
 * Bellwether installed elsewhere. And there is one copy of the package, of one version.
 *
 * Bun has no such hooks, and a bundle has no such entry: there the project's own copy is found as any package is. Handlers
 * of another copy are accepted too (define-handler.ts).
 */
export function resolveOwnPackage(): void {
  if (isRegistered || nodeModule.registerHooks === undefined) return;
  isRegistered = true;
  nodeModule.registerHooks({
    resolve: (specifier, context, nextResolve) => {
      if (specifier === PACKAGE && ENTRY !== null) return { url: ENTRY, shortCircuit: true };
      if (!specifier.startsWith(FROM)) return nextResolve(specifier, context);
      const [parentURL, wanted = ""] = specifier.slice(FROM.length).split("#");
      return nextResolve(wanted, { ...context, parentURL });
    },
  });
}

/**
 * Resolves when the package is loaded. A CommonJS handler may only `require` it then: Node.js refuses that while another
 * handler's `import` of it is not finished.
 */
export async function loadOwnPackage(): Promise<void> {
  resolveOwnPackage();
  if (isRegistered && ENTRY !== null) await import(ENTRY);
}

/** Imports a package as a module in that folder would. Without hooks, what `require` finds is imported. */
export async function importFrom(folder: string, specifier: string): Promise<Record<string, unknown>> {
  resolveOwnPackage();
  const parent = pathToFileURL(path.join(folder, "/")).href;
  if (isRegistered) return await import(`${FROM}${parent}#${specifier}`);
  return await import(pathToFileURL(nodeModule.createRequire(parent).resolve(specifier)).href);
}
