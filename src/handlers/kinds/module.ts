import { text } from "../../config/schemas/fields.ts";
import type { HandlerKind } from "../handler-kind.ts";
import type { ModuleRef } from "../module-handler.ts";

/** No way out of the jobs directory: relative, no `..`, no backslash. */
const MODULE_PATH = /^(?:\.\/)?(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.@-]+\/)*(?!\.{1,2}$)[A-Za-z0-9_.@-]+$/;

/** A function in a module of the jobs directory. */
export const moduleKind = {
  key: "handler",
  schema: text("the path of a module below the jobs directory, like reports/nightly", MODULE_PATH).transform(
    (path): ModuleRef => ({
      kind: "module",
      path: path.replace(/^\.\//, "").replace(/\.(ts|js|mjs)$/, ""),
    }),
  ),
  description: "The module that does the work: its path below the jobs directory.",
  secrets: [],
  names: [[]],
  describe: ({ path }) => path,
  load: async (ref, surroundings) => (await import("../module-handler.ts")).loadModule(ref, surroundings),
} as const satisfies HandlerKind<ModuleRef>;
