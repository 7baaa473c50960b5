/** Sees to promtool, which checks and tests the alert rules: in PATH, or taken out of Debian's package. */
import { existsSync } from "node:fs";
import { extractWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { pathOfProgram } from "./npm-program.mjs";
import { SetupError } from "./setup-error.mjs";

const WAYS_OUT = `The tests of the alert rules need promtool, which is not in PATH. Any one of these mends it:

  Debian, Ubuntu   sudo apt-get update, and run this again: it takes promtool out of the package prometheus
  macOS            brew install prometheus
  others           https://prometheus.io/download has it beside prometheus

npm start does not need it; nor does npm test -- --project unit.`;

/** Where the set-up puts it. */
function ownPromtool(/** @type {string} */ root) {
  return pathOfProgram(root, "promtool");
}

export function ensurePromtool(/** @type {string} */ root) {
  if (promtoolOf(root) === null) extractWithApt("prometheus", "usr/bin/promtool", ownPromtool(root));
  if (promtoolOf(root) === null) throw new SetupError(WAYS_OUT);
}

/** The program to call; null without one. */
export function promtoolOf(/** @type {string} */ root) {
  if (isInPath("promtool")) return "promtool";
  return existsSync(ownPromtool(root)) ? ownPromtool(root) : null;
}
