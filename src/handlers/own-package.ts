// Not by name: an older Node.js without the function could not even say that it is too old (supported-node.ts).
import nodeModule from "node:module";

const PACKAGE = "bellwether";

/** The package's entry beside this very file: `src/index.ts` in a checkout, `dist/index.js` when installed. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.js", import.meta.url).href;

let isRegistered = false;

/**
 * From now on `import … from "bellwether"` is, in the whole process, the package that is running. A jobs folder
 * then works where no node_modules of its own is: in this checkout, which is not built, and in an image that has
 * Bellwether installed elsewhere. And there is one copy of the package, of one version.
 */
export function resolveOwnPackage(): void {
  if (isRegistered) return;
  isRegistered = true;
  nodeModule.registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === PACKAGE ? { url: ENTRY, shortCircuit: true } : nextResolve(specifier, context),
  });
}
