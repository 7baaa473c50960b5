/** Sees to the shells beside bash in which the tests press Tab. */
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const SHELLS = ["zsh", "fish"];

export function ensureShells() {
  if (missing().length > 0) installWithApt(missing(), []);
  const still = missing().join(" ");
  if (still !== "") throw new SetupError(waysOut(still));
}

function missing() {
  return SHELLS.filter(shell => !isInPath(shell));
}

function waysOut(/** @type {string} */ shells) {
  return `The tests of the completion need shells that are not in PATH: ${shells}.
Any one of these mends it:

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL} ${shells}
  macOS            brew install ${shells}

npm start does not need them; nor does npm test -- --project unit.`;
}
