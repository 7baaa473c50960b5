import { text } from "../../config/schemas/fields.ts";
import type { HandlerKind } from "../handler-kind.ts";
import type { ModuleRef } from "../module-handler.ts";

/** No way out of the jobs directory: relative, no `..`, no backslash. */
const MODULE_PATH = /^(?:\.\/)?(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.@-]+\/)*(?!\.{1,2}$)[A-Za-z0-9_.@-]+$/;
/** The name of a package, perhaps with a path that it exports, and the name of an export. */
const PACKAGE_EXPORT =
  /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/(?!\.{1,2}[/#])[A-Za-z0-9_.@-]+)*#[A-Za-z_$][\w$]*$/;
const EITHER = new RegExp(`${MODULE_PATH.source}|${PACKAGE_EXPORT.source}`);

/** A function in a module of the jobs directory, or one that a package exports. */
export const moduleKind = {
  key: "handler",
  schema: text(
    "the path of a module below the jobs directory, like reports/nightly, or an export of a package, like @acme/reports#nightly",
    EITHER,
  ).transform((reference): ModuleRef => {
    const [path = "", exported] = reference.split("#");
    if (exported !== undefined) return { kind: "module", path, exported };
    return { kind: "module", path: path.replace(/^\.\//, "").replace(/\.(ts|js|mjs|cjs)$/, "") };
  }),
  description: "The module that does the work: its path below the jobs directory, or an export of a package.",
  secrets: [],
  names: [[]],
  describe: ({ path, exported }) => (exported === undefined ? path : `${path}#${exported}`),
  load: async (ref, surroundings) => (await import("../module-handler.ts")).loadModule(ref, surroundings),
} as const satisfies HandlerKind<ModuleRef>;
