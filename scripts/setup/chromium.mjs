/** Sees to the browser in which the tests open the dashboard. */
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const PROGRAM = "chromium";

export function ensureChromium() {
  if (process.env["CHROMIUM"] || isInPath(PROGRAM)) return;
  installWithApt([PROGRAM], []);
  if (!isInPath(PROGRAM)) throw new SetupError(waysOut());
}

function waysOut() {
  return `The tests of the dashboard need Chromium, which is not in PATH.
Any one of these helps:

  Debian           sudo apt-get update && sudo ${APT_INSTALL} ${PROGRAM}
  elsewhere        CHROMIUM=/path/to/chrome npm test

npm start does not need it; nor does npm test -- --project unit.`;
}
