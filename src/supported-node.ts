/**
 * Importing this module throws when the Node.js is too old for this release. It comes before everything else, so it and
 * what it imports keep to syntax and to names of `node:` modules that older releases have.
 */
import { BellwetherError } from "./errors.ts";
import { MANIFEST } from "./manifest.ts";

const wanted = MANIFEST.engines.node.replace(">=", "");

if (!isAtLeast(process.versions.node, wanted)) {
  throw new BellwetherError("BW_NODE_TOO_OLD", {
    wanted,
    version: process.versions.node,
    path: process.execPath,
  });
}

/** Compares `major.minor.patch` numbers; missing parts count as 0. */
function isAtLeast(version: string, minimum: string): boolean {
  const [have = [], want = []] = [version, minimum].map(text => text.split(".").map(Number));
  const part = [0, 1, 2].find(part => (have[part] || 0) !== (want[part] || 0));
  return part === undefined || (have[part] || 0) > (want[part] || 0);
}
