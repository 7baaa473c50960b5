/** Sees to spin and a C compiler in PATH, which the model check uses. */
import { APT_INSTALL, installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { SetupError } from "./setup-error.mjs";

const PROGRAMS = ["spin", "gcc"];
const PACKAGES = ["spin", "gcc", "libc6-dev"];

export function ensureSpin() {
  if (!PROGRAMS.every(isInPath)) installWithApt(PACKAGES, []);
  const missing = PROGRAMS.filter(program => !isInPath(program));
  if (missing.length === 0) return;
  throw new SetupError(`The model check needs programs that are not in PATH: ${missing.join(", ")}.
Any one of these mends it:

  Debian, Ubuntu   sudo apt-get update && sudo ${APT_INSTALL} ${PACKAGES.join(" ")}
  macOS            brew install spin

npm start and npm test do not need them.`);
}
