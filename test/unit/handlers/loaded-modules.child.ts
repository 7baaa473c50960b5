/** Loads a configuration in a process of its own, and prints which modules of src/handlers were loaded for it. */
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "../../../src/handlers");
const loaded: string[] = [];
registerHooks({
  load(url, context, nextLoad) {
    const file = path.relative(folder, new URL(url).pathname);
    if (!file.startsWith("..")) loaded.push(file);
    return nextLoad(url, context);
  },
});
const { loadConfig } = await import("../../../src/config/load.ts");
const configDir = path.resolve(import.meta.dirname, "../../../config");
const { ok } = await loadConfig({ configDir, env: {} });
if (!ok) throw new Error("the example project is not valid");
writeSync(1, JSON.stringify(loaded));
